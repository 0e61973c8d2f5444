import { verdictMark } from './color.ts'
import { Markup, markup } from './markup.ts'
import { shell } from './page/shell.ts'
import { scrolling } from './page/scrolling.ts'
import type { Report } from './report.ts'
import { style } from './style.ts'
import { humanMs } from './text.ts'

/** A drill's report and where its page is, seen from the matrix: `20261121-…-reference/report.html`. */
export interface MatrixEntry {
  report: Report
  href: string
}

const worstFirst: Report['verdict'][] = ['invalid', 'unknown', 'valid']

/** A page over several drills: a row a scenario and topology, a column a lock, each cell the verdicts of its drills with links to their reports. */
export function matrixPage(entries: readonly MatrixEntry[]): string {
  const locks = [...new Set(entries.map(({ report }) => report.lock))]
  const rows = Map.groupBy(entries, ({ report }) => JSON.stringify([report.scenario, report.topology]))
  const worst = worstFirst.find((verdict) => countOf(entries, verdict) > 0) ?? 'unknown'
  return shell({
    title: `${verdictMark(worst)} ${entries.length} drills`,
    style,
    body: markup`<header class="${worst}"><h1><span class="mark">${verdictMark(worst)}</span> ${entries.length} drills</h1>
<p>${worstFirst.map((verdict) => `${countOf(entries, verdict)} ${verdict}`).join(' · ')}</p></header>
<h2>Scenario, topology and lock</h2>
${scrolling(
  'The matrix',
  markup`<table class="matrix"><thead><tr><th scope="col">scenario</th><th scope="col">topology</th>${locks.map((lock) => markup`<th scope="col">${lock}<br><span class="tally">${tally(entries.filter(({ report }) => report.lock === lock))}</span></th>`)}</tr></thead><tbody>
${[...rows.values()].map((row) => markup`<tr><th scope="row">${row[0]!.report.scenario}</th><td class="nowrap">${row[0]!.report.topology}</td>${locks.map((lock) => cell(row.filter(({ report }) => report.lock === lock)))}</tr>`)}
</tbody></table>`,
)}`,
  }).text
}

const countOf = (entries: readonly MatrixEntry[], verdict: Report['verdict']) =>
  entries.filter(({ report }) => report.verdict === verdict).length

/** What there is of each verdict, the worst first: `2 invalid · 35 valid`. */
const tally = (entries: readonly MatrixEntry[]) =>
  worstFirst
    .map((verdict) => [countOf(entries, verdict), verdict] as const)
    .filter(([count]) => count > 0)
    .map(([count, verdict]) => `${count} ${verdict}`)
    .join(' · ')

function cell(entries: readonly MatrixEntry[]): Markup {
  if (entries.length === 0) return markup`<td class="dim" title="not run">–</td>`
  const sorted = entries.toSorted((a, b) => worstFirst.indexOf(a.report.verdict) - worstFirst.indexOf(b.report.verdict))
  return markup`<td class="cell">${sorted.map(({ report, href }) => markup`<p class="${report.verdict}"><a href="${relative(href)}"><span class="mark">${verdictMark(report.verdict)}</span></a> <span class="dim">${told(report)}</span></p>`)}</td>`
}

function told({ findings, seed, durationMs }: Report): string {
  const what = [...new Set(findings.map(({ metric }) => metric.replaceAll('_', ' ')))].join(', ')
  return [what, `seed ${seed}`, humanMs(durationMs)].filter((part) => part !== '').join(' · ')
}

/** Each part of a path as it stands in an address; a first part with a colon in it would be taken for a scheme, so it is led in. */
const relative = (href: string) => `./${href.split('/').map(encodeURIComponent).join('/')}`
