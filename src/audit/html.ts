import { Markup, markup } from '../reporters/markup.ts'
import { shell } from '../reporters/page/shell.ts'
import { scrolling } from '../reporters/page/scrolling.ts'
import { style as shared } from '../reporters/style.ts'
import { humanMs } from '../reporters/text.ts'
import type { Severity } from './checks/check.ts'
import { countOf, type AuditReport, type NodeReport, type PatternReport } from './report.ts'
import { counted, grouped, humanBytes, humanShare, humanSpan } from './words.ts'

const style = `${shared}
.finding { border-left: 4px solid var(--line); padding: 2px 0 2px 14px; margin: 14px 0; max-width: 900px; }
.finding.high { border-color: var(--bad); } .finding.medium { border-color: var(--fault); }
.finding p { margin: 2px 0; } .finding ul { margin: 4px 0; padding-left: 20px; color: var(--dim); }
.finding.high .severity { color: var(--bad); } .finding.medium .severity { color: var(--fault); } .severity { font-weight: 700; }
svg.bars { min-width: 0; max-width: 720px; } svg .bar { fill: var(--hold); } svg .bar.none { fill: var(--bad); }
.tag { color: var(--hold); font-weight: 600; }
`

/** It loads nothing and runs nothing. */
const signs: Record<Severity, string> = { high: '✗ high', medium: '! medium', low: '· low' }
const patternsShown = 200

/** The page of an audit: one file, opens offline. */
export function renderAuditPage(report: AuditReport): string {
  const high = countOf(report, 'high')
  const medium = countOf(report, 'medium')
  const verdict =
    high > 0 ? 'invalid' : medium > 0 || report.nodes.some(({ notRead }) => notRead.length > 0) ? 'unknown' : 'valid'
  const title =
    high > 0
      ? `✗ ${counted(high, 'finding')} of high severity`
      : medium > 0
        ? `! ${counted(medium, 'finding')} of medium severity`
        : '✓ nothing that loses or leaks locks was found'
  return shell({
    title: `${title} · audit`,
    style,
    body: markup`<header class="${verdict}"><h1><span class="mark">${title}</span></h1>
<p>audit of ${counted(report.nodes.length, 'node')} · ${report.startedAt} · took ${humanMs(report.durationMs)} · a lock should live for at most ${humanSpan(report.ttlLimitMs)} · nothing was written</p></header>
${report.nodes.map(node)}
<p class="dim">picklock ${report.picklock}</p>`,
  }).text
}

const node = (each: NodeReport) => markup`<h2><code>${each.node}</code></h2>
<p>${[each.version && `Redis ${each.version}`, each.role, counted(each.keys, 'key'), each.usedBytes !== null && `${humanBytes(each.usedBytes)}${each.limitBytes ? ` of ${humanBytes(each.limitBytes)}` : ''} used`].filter(Boolean).join(' · ')}</p>
${each.notRead.map((reason) => markup`<p><b>Not read:</b> ${reason}</p>`)}
${each.notes.map((note) => markup`<p class="dim">${note}</p>`)}
${each.findings.length === 0 && markup`<p>No finding.</p>`}
${each.findings.map(
  ({ severity, check, message, evidence, advice }) =>
    markup`<section class="finding ${severity}"><p><span class="severity">${signs[severity]}</span> ${message} <span class="dim">(${check})</span></p>
<ul>${evidence.map((line) => markup`<li>${line}</li>`)}</ul><p>→ ${advice}</p></section>`,
)}
${each.keys > 0 && markup`<h3>What is left of the keys’ time</h3>${histogram(each)}<h3>Keys by pattern</h3>${patterns(each.patterns)}`}
${settings(each)}`

const rowHeight = 24
const labelWidth = 90
const barWidth = 430

function histogram({ ttl, keys }: NodeReport): Markup {
  const height = ttl.length * rowHeight + 10
  return markup`<svg class="bars" viewBox="0 0 720 ${height}" role="img" aria-label="Keys by what is left of their time">
${ttl.map(({ label, keys: some }, index) => {
  const y = 5 + index * rowHeight
  const width = keys === 0 ? 0 : Math.max(some > 0 ? 2 : 0, Math.round((some / keys) * barWidth))
  return markup`<text x="10" y="${y + 16}">${label}</text><rect class="bar${index === 0 && ' none'}" x="${labelWidth}" y="${y + 4}" width="${width}" height="${rowHeight - 8}"/><text x="${labelWidth + width + 8}" y="${y + 16}">${grouped(some)}${some > 0 && ` (${humanShare(some / keys)})`}</text>`
})}
</svg>`
}

function patterns(all: readonly PatternReport[]): Markup {
  // Locks first: they are what one came for.
  const shown = [...all.filter(({ lock }) => lock), ...all.filter(({ lock }) => !lock)].slice(0, patternsShown)
  const bytes = all.reduce((sum, each) => sum + (each.bytes ?? 0), 0)
  const grown = all.some(({ grownBy }) => grownBy !== null)
  const heads = [
    'keys',
    'no TTL',
    'over the limit',
    'longest',
    'memory, about',
    'of all',
    ...(grown ? ['grown by'] : []),
  ]
  return scrolling(
    'Keys by pattern',
    markup`<table><thead><tr><th>pattern</th><th></th>${heads.map((head) => markup`<th class="number">${head}</th>`)}</tr></thead><tbody>
${shown.map(
  (each) =>
    markup`<tr><td><code>${each.pattern}</code></td><td class="nowrap"${each.lock !== null && markup` title="${each.lock.why}"`}>${each.lock ? markup`<span class="tag">lock</span> <span class="dim">(${each.lock.how})</span>` : each.bookkeeping ? 'beside locks' : ''}</td>${cells(each, bytes, grown).map((cell) => markup`<td class="number">${cell}</td>`)}</tr>`,
)}
</tbody></table>${all.length > shown.length && markup`<p class="dim">and ${grouped(all.length - shown.length)} more</p>`}`,
  )
}

const cells = (each: PatternReport, bytes: number, grown: boolean): string[] => [
  grouped(each.keys),
  grouped(each.noTtl),
  grouped(each.overLimit),
  each.longestTtlMs > 0 ? humanSpan(each.longestTtlMs) : '–',
  each.bytes === null ? '–' : humanBytes(each.bytes),
  each.bytes === null ? '–' : humanShare(each.bytes / bytes),
  ...(grown ? [each.grownBy === null ? '–' : `${each.grownBy > 0 ? '+' : ''}${grouped(each.grownBy)}`] : []),
]

const settings = ({ settings: all }: NodeReport): Markup | undefined =>
  Object.keys(all).length === 0
    ? undefined
    : markup`<details><summary>Settings</summary><table><tbody>${Object.entries(all).map(([name, value]) => markup`<tr><td>${name}</td><td><code>${value === '' ? '""' : value}</code></td></tr>`)}</tbody></table></details>`
