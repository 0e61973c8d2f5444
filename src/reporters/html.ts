import type { Events } from '../history/event-table.ts'
import { ledgerMetrics } from '../ledger/words.ts'
import { metricNamed } from '../plan/metrics.ts'
import type { Plan } from '../plan/scenario.ts'
import { verdictMark } from './color.ts'
import { latencyRows } from './latency.ts'
import { Markup, markup } from './markup.ts'
import { aroundViolation } from './around.ts'
import type { LogLine } from './node-logs.ts'
import { buildPage, type Built } from './page/build.ts'
import { damageTable } from './page/damage.ts'
import { topologyGraph } from './page/graph.ts'
import { document } from './page/document.ts'
import { inShort } from './page/in-short.ts'
import { scrolling } from './page/scrolling.ts'
import type { Report } from './report.ts'
import type { Reporter } from './reporter.ts'
import { curves, timeline } from './page/sections.ts'
import { humanCount, humanMs, moment, recordedText } from './text.ts'
import { firstViolation, timelineOf, violations } from './timeline.ts'

/**
 * report.html: one file that opens offline. It loads nothing, and runs one script, its own: the policy in its head allows that script and its style by
 * their hashes and nothing else, so that a key or an error message that looks like markup stays text even if the escaping had a hole. Where scripts
 * are off (a CI server's viewer, a mail) there is a still picture and everything else.
 */
export const html = {
  name: 'html',
  title: 'The report for a browser: what broke, a timeline, the numbers',
  file: 'report.html',
  render: ({ report, plan, events, logs }) => page(report, plan, events, logs ?? []).text,
} satisfies Reporter

const serverNames = ({ servers }: Plan) => Array.from({ length: servers }, (_, index) => `server-${index + 1}`)

function page(report: Report, plan: Plan, events: Events, logs: readonly LogLine[]): Markup {
  const built = buildPage(report, events, serverNames(plan))
  const { data, first } = built
  const still = timelineOf(report, events)
  const opens = first === undefined ? `on ${still?.because}` : 'on this overlap'
  return document({
    title: `${verdictMark(report.verdict)} ${report.scenario} · ${report.topology} · ${report.lock}`,
    data,
    body: markup`${head(report)}
${inShort(report, built)}
${timeline(data, still, opens)}
${operations(report, events, logs, built)}
${damageTable(report, events)}
${faults(report, data)}
${curves(data)}
${nodes(built)}
<div class="columns"><div>${latencies(report)}${thresholds(report)}</div><div>${counts(report)}${lockCounters(report)}</div></div>
<h2>What was running</h2>
${scrolling('The topology', topologyGraph(report, plan))}
${again(report, plan)}`,
  })
}

function head(report: Report): Markup {
  const { verdict, unknownBecause, control, endedEarly } = report
  const violating = violations(report)
  const allowed = report.findings.filter((finding) => !violating.includes(finding))
  const sentences = [
    ...violating.map(({ metric, message }) => markup`<li title="${metric}">${message}</li>`),
    ...allowed.map(
      ({ metric, message }) =>
        markup`<li class="dim" title="${metric}">within what this scenario allows (see Thresholds): ${message}</li>`,
    ),
    ...unknownBecause.map((reason) => markup`<li>unknown: ${reason}</li>`),
    ...(endedEarly
      ? [
          markup`<li>ended early at ${moment(endedEarly.atMs)}, ${verdict === 'invalid' ? 'because nothing could change the answer any more: the threshold' : 'when the threshold'} <code>${endedEarly.threshold}</code> was crossed (abortOnFail)</li>`,
        ]
      : []),
    ...(verdict === 'valid' ? [markup`<li>${seenOf(report)}</li>`] : []),
  ]
  return markup`<header class="${verdict}">
<h1><span class="mark">${verdictMark(verdict)}</span> ${report.scenario}</h1>
<p><b>${verdict === 'invalid' && !isDamaged(violating) ? brokenWords(report, violating) : verdictWords[verdict]}</b></p>
<p>lock ${report.lock} · topology ${report.topology} · workload ${report.workload} · seed ${report.seed} · ${report.startedAt} · ${humanMs(report.durationMs)}</p>
<ul>${sentences}</ul>
${control !== undefined && markup`<p>Control ${control.lock}: ${control.verdict === 'invalid' ? markup`caught${control.afterMs !== null && ` after ${humanMs(control.afterMs)}`}${control.metric !== null && ` (${control.metric})`}` : `not caught (${control.verdict}), so this run could not have seen such a lock`}</p>`}
</header>`
}

const verdictWords = {
  invalid: 'What a lock is there to prevent has happened in this drill.',
  valid: 'The evidence suffices, and the lock held as this scenario asks.',
  unknown: 'Whether the lock held is not known: the evidence does not suffice.',
}

function brokenWords({ counts }: Report, violating: Report['findings']): string {
  const safety = violating.filter(({ metric }) => metricNamed(metric)?.kind === 'safety')
  const what = new Set(safety.map(({ metric }) => metric.replaceAll('_', ' ')))
  const though = counts['overlaps'] === 0 ? ', though in this drill no two callers held a key at once' : ''
  return `The lock is broken (${[...what].join(', ')})${though}.`
}

/** What a green light rests on. */
function seenOf({ findings, counts, faults }: Report): string {
  const during = faults.map(({ fault, target, holdsDuring }) => `${holdsDuring} of them during ${fault} ${target}`)
  const found = findings.length === 0 ? 'no finding' : 'nothing else was found'
  return `${found} in ${[`${counts['granted'] ?? 0} holds`, ...during].join(', ')}: what this one run with this one seed could see, and no proof beyond it`
}

/** Whether a key was held twice or the ledger is wrong; else a key was left, or a promise was too long. */
const isDamaged = (findings: Report['findings']) =>
  findings.some(
    ({ metric }) =>
      metric === 'overlaps' || metric === 'fence_violations' || (ledgerMetrics as readonly string[]).includes(metric),
  )

function nodes({ data: { nodeCurves } }: Built): Markup | undefined {
  if (nodeCurves.length === 0) return undefined
  return markup`<h2>What the Redis nodes said of themselves</h2><p class="dim">Asked four times a second; a gap: the node did not answer (it was dead, paused or busy). Among the clients are Picklock's own; its commands are left out.</p>
<div class="columns wide">${nodeCurves.map(({ label, unit }, index) => markup`<section class="half"><h3>${label}${unit === '1/s' && ' per second'}</h3><div class="chart" id="nodes-${index}"></div></section>`)}</div>`
}

function operations(
  report: Report,
  events: Events,
  logs: readonly LogLine[],
  { first: overlap, causes }: Built,
): Markup | undefined {
  const first = overlap
    ? { key: overlap.key, atMs: overlap.fromMs, ops: [overlap.earlier.op, overlap.later.op] }
    : firstViolation(report)
  if (first === undefined) return undefined
  const rows = aroundViolation(events, first, causes, logs)
  if (rows.length === 0) return undefined
  const users =
    rows.some((row) => row.who.includes('/vu-')) &&
    "server-1/vu-3 is the third of the load's users, whom server-1 serves."
  const calls =
    rows.some((row) => row.who.includes('/door-')) &&
    'server-1/door-3 is the third of the requests at once that server-1 has from outside, by HTTP.'
  const who = [users, calls].filter((text) => text !== false).map((text) => ` ${text}`)
  return markup`<h2>Around ${overlap ? 'this overlap' : 'the first violation'}</h2>
<p class="dim">What happened to <code>${first.key}</code> from ${moment(rows[0]!.atMs)} to ${moment(rows.at(-1)!.atMs)}${rows.at(-1)!.atMs < first.atMs && `, before it was seen at ${moment(first.atMs)}`}: on the servers, on the nodes${logs.length > 0 && ", and in the nodes' logs (which go by the wall clock, some ms off)"}. Marked ● is what the finding rests on. A node does not say who sent it a command${causes.some(({ call }) => call) && '; for the one that counts it is told whose call was under way'}. Servers and nodes are read by different processes: what is some ms apart may have been the other way round.${who} op: the number of a call in the history, by which the picture names it too.</p>
${scrolling(
  'Operations and logs',
  markup`<table><thead><tr><th></th><th class="number">at</th><th>who</th><th>what</th><th></th></tr></thead><tbody>
${rows.map(({ atMs, who, what, detail, involved }) => markup`<tr${involved && new Markup(' class="involved"')}><td>${involved && '●'}</td><td class="number">${moment(atMs)}</td><td class="nowrap">${who}</td><td class="nowrap">${what}</td><td class="long">${detail}</td></tr>`)}
</tbody></table>`,
)}`
}

function faults(report: Report, data: Built['data']): Markup | undefined {
  if (report.faults.length === 0) return undefined
  const at = (ms: number | null) => (ms === null ? '–' : moment(ms))
  return markup`<h2>Faults</h2>${scrolling(
    'Faults',
    markup`<table><thead><tr><th>fault</th><th>landed</th><th class="number">planned</th><th class="number">laid on</th><th class="number">felt</th><th class="number">healed</th><th class="number">holds during it</th><th>proof</th></tr></thead><tbody>
${report.faults.map((fault, index) => markup`<tr><td class="nowrap">${fault.fault} ${fault.target}</td><td>${fault.landed ? '✓ yes' : '✗ no'}</td><td class="number">${at(fault.plannedAtMs)}</td><td class="number">${at((fault.landed && data.faults[index]?.fromMs) || null)}</td><td class="number">${at(fault.appliedAtMs)}</td><td class="number">${at(fault.healedAtMs)}</td><td class="number">${fault.holdsDuring}</td><td class="long">${fault.proof}</td></tr>`)}
</tbody></table>`,
  )}`
}

function latencies(report: Report): Markup | undefined {
  const rows = latencyRows(report)
  if (rows.length === 0) return undefined
  return markup`<section><h2>Latency</h2><table><thead><tr><th></th>${['count', 'mean', 'p50', 'p90', 'p95', 'p99', 'max'].map((name) => markup`<th class="number">${name}</th>`)}</tr></thead><tbody>
${rows.map(({ metric, label, summary: { count, mean, p50, p90, p95, p99, max } }) => markup`<tr><td title="${metric}">${label}</td><td class="number">${count}</td>${[mean, p50, p90, p95, p99, max].map((ms) => markup`<td class="number">${humanMs(ms)}</td>`)}</tr>`)}
</tbody></table></section>`
}

function counts(report: Report): Markup {
  const shown = [...Object.entries(report.counts), ...Object.entries(report.rates)]
  const zero = shown.filter(([, value]) => value === 0).map(([name]) => name.replaceAll('_', ' '))
  return markup`<section><h2>Counts and rates</h2><table><tbody>
${shown.filter(([, value]) => value !== 0).map(([name, value]) => markup`<tr><td>${name.replaceAll('_', ' ')}</td><td class="number">${humanCount(value)}</td></tr>`)}
</tbody></table>${report.recorded !== undefined && markup`<p>In the incident itself: ${recordedText(report.recorded, report.workload)}</p>`}${zero.length > 0 && markup`<p class="dim">0: ${zero.join(', ')}</p>`}</section>`
}

function lockCounters({ lockCounters }: Report): Markup | undefined {
  if (lockCounters === undefined) return undefined
  return markup`<section><h2>Counted by the lock</h2><table><tbody>
${Object.entries(lockCounters).map(([name, count]) => markup`<tr><td>${name}</td><td class="number">${humanCount(count)}</td></tr>`)}
</tbody></table></section>`
}

function thresholds(report: Report): Markup | undefined {
  if (report.thresholds.length === 0) return undefined
  const row = ({ metric, threshold, value, ok }: Report['thresholds'][number]) =>
    markup`<tr><td>${metric}</td><td><code>${threshold}</code></td><td class="number">${value === null ? 'not measured' : humanCount(value)}</td><td>${ok ? '✓' : '✗ crossed'}</td></tr>`
  const sorted = report.thresholds.toSorted((a, b) => Number(a.ok) - Number(b.ok))
  return markup`<section><h2>Thresholds</h2><table><tbody>${sorted.map(row)}</tbody></table></section>`
}

function again(report: Report, plan: Plan): Markup {
  return markup`<h2>Again</h2><pre>${report.reproduce}</pre>
<p class="dim">${Object.entries(report.versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(' · ')}</p>
<details><summary>The plan</summary><pre>${JSON.stringify(plan, null, 2)}</pre></details>`
}
