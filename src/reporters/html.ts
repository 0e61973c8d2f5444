import { createHash } from 'node:crypto'
import type { Event } from '../history/event.ts'
import type { Plan } from '../plan/scenario.ts'
import { verdictMark } from './color.ts'
import { latencyRows } from './latency.ts'
import { Markup, markup } from './markup.ts'
import { aroundViolation } from './around.ts'
import type { Report } from './report.ts'
import type { Reporter } from './reporter.ts'
import { style } from './style.ts'
import { humanCount, humanMs, moment, recordedText } from './text.ts'
import { firstViolation, timelineOf } from './timeline.ts'
import { drawTimeline } from './timeline-svg.ts'

/**
 * report.html: one file that opens offline. It loads nothing and runs nothing: the policy in its head allows its own style and nothing
 * else, so that a key or an error message that looks like markup stays text even if the escaping had a hole.
 */
export const html = {
  name: 'html',
  title: 'The report for a browser: what broke, a timeline, the numbers',
  file: 'report.html',
  render: ({ report, plan, events }) => page(report, plan, events).text,
} satisfies Reporter

const policy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'`

function page(report: Report, plan: Plan, events: readonly Event[]): Markup {
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${verdictMark(report.verdict)} ${report.scenario} · ${report.topology} · ${report.lock}</title>
<style>${new Markup(style)}</style>
</head>
<body>
${head(report)}
${timeline(report, events)}
${operations(report, events)}
${faults(report)}
<div class="columns"><div>${latencies(report)}${thresholds(report)}</div><div>${counts(report)}${lockCounters(report)}</div></div>
${again(report, plan)}
</body>
</html>
`
}

function head(report: Report): Markup {
  const { verdict, findings, unknownBecause, control, endedEarly } = report
  const sentences = [
    ...findings.map(({ metric, message }) => markup`<li title="${metric}">${message}</li>`),
    ...unknownBecause.map((reason) => markup`<li>unknown: ${reason}</li>`),
    ...(endedEarly
      ? [
          markup`<li>ended early at ${moment(endedEarly.atMs)}, ${endedEarly.threshold} being crossed (abortOnFail)</li>`,
        ]
      : []),
    ...(verdict === 'valid' ? [markup`<li>no finding in ${report.counts['granted'] ?? 0} holds</li>`] : []),
  ]
  return markup`<header class="${verdict}">
<h1><span class="mark">${verdictMark(verdict)}</span> ${report.scenario}</h1>
<p>${report.topology} · ${report.lock} · ${report.workload} · seed ${report.seed} · ${report.startedAt} · ${humanMs(report.durationMs)}</p>
<ul>${sentences}</ul>
${control !== undefined && markup`<p>Control ${control.lock}: ${control.verdict === 'invalid' ? markup`caught${control.afterMs !== null && ` after ${humanMs(control.afterMs)}`}${control.metric !== null && ` (${control.metric})`}` : `not caught (${control.verdict}), so this run could not have seen such a lock`}</p>`}
</header>`
}

function timeline(report: Report, events: readonly Event[]): Markup {
  const view = timelineOf(report, events)
  if (view === undefined) return markup`<h2>Timeline</h2><p>No lock was held, so there is nothing to draw.</p>`
  const thinned =
    view.bars.length < view.holds &&
    ` Thinned: ${view.bars.length} of the ${view.holds} holds in this window are drawn.`
  return markup`<h2>Timeline of <code>${view.key}</code>, ${view.because}</h2>
<figure><figcaption>${moment(view.fromMs)} to ${moment(view.toMs)} since the start of the drill. A bar is a hold as its server believed it, the thin line before it the wait;
red and hatched is where two overlap. ${view.keyEvents.length > 0 && 'Below, what the nodes did to the key: ▮ written, × deleted, ○ expired or evicted. '}Point at anything for its numbers.${thinned}</figcaption>
<div class="scroll">${drawTimeline(view)}</div></figure>`
}

function operations(report: Report, events: readonly Event[]): Markup | undefined {
  const first = firstViolation(report)
  if (first === undefined) return undefined
  const rows = aroundViolation(events, first)
  if (rows.length === 0) return undefined
  return markup`<h2>Around the first violation</h2>
<p class="dim">What happened to <code>${first.key}</code> around ${moment(first.atMs)}; marked ● are the operations that the finding names.</p>
<div class="scroll"><table><thead><tr><th></th><th class="number">at</th><th>who</th><th>what</th><th></th></tr></thead><tbody>
${rows.map(({ atMs, who, what, detail, involved }) => markup`<tr${involved && new Markup(' class="involved"')}><td>${involved && '●'}</td><td class="number">${moment(atMs)}</td><td class="nowrap">${who}</td><td class="nowrap">${what}</td><td>${detail}</td></tr>`)}
</tbody></table></div>`
}

function faults(report: Report): Markup | undefined {
  if (report.faults.length === 0) return undefined
  const at = (ms: number | null) => (ms === null ? '–' : moment(ms))
  return markup`<h2>Faults</h2><div class="scroll"><table><thead><tr><th>fault</th><th>landed</th><th class="number">planned</th><th class="number">applied</th><th class="number">healed</th><th class="number">holds during it</th><th>proof</th></tr></thead><tbody>
${report.faults.map((fault) => markup`<tr><td class="nowrap">${fault.fault} ${fault.target}</td><td>${fault.landed ? '✓ yes' : '✗ no'}</td><td class="number">${at(fault.plannedAtMs)}</td><td class="number">${at(fault.appliedAtMs)}</td><td class="number">${at(fault.healedAtMs)}</td><td class="number">${fault.holdsDuring}</td><td>${fault.proof}</td></tr>`)}
</tbody></table></div>`
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
