import { markup, type Markup } from '../reporters/markup.ts'
import { buildPage, type Built } from '../reporters/page/build.ts'
import { document } from '../reporters/page/document.ts'
import { curves, timeline } from '../reporters/page/sections.ts'
import { scrolling } from '../reporters/page/scrolling.ts'
import { humanCount, humanMs, moment } from '../reporters/text.ts'
import { timelineOf } from '../reporters/timeline.ts'
import type { Analysis, LockAnalysis, OrderEntry, Summary } from './analysis.ts'
import type { Capture } from './capture.ts'
import { eventsOf } from './events.ts'
import { holdEnds } from './hold.ts'

/** Of the locks, and of each one's grants. */
const [locksShown, orderShown] = [20, 200]

/** The analysis for a browser, with the lock timeline of a drill's report. Pure. */
export function renderPage(analysis: Analysis, capture: Capture): string {
  const events = eventsOf(capture)
  const nothing = { findings: [], thresholds: [] }
  const built = buildPage(nothing, events, [])
  const data = withFlow(built.data, capture)
  const opens = built.first === undefined ? 'on the busiest key' : 'where two held it at once for the first time'
  const overlaps = analysis.counts.overlaps
  return document({
    title: `${overlaps > 0 ? '✗ ' : ''}${analysis.source} · locks in a MONITOR capture`,
    data,
    body: markup`${head(analysis)}
${inShort(built)}
${timeline(data, timelineOf(nothing, events), opens)}
${table(analysis)}
${analysis.locks.slice(0, locksShown).map(lockSection)}
${analysis.locks.length > locksShown && markup`<p class="dim">${analysis.locks.length - locksShown} locks more are in --format json.</p>`}
${families(analysis)}
${curves(data)}`,
  }).text
}

/** Attempts are no events of their own: their flow is counted by the second. */
function withFlow(data: Built['data'], { flow }: Capture): Built['data'] {
  const seconds = Math.max(flow.attempts.length, flow.grants.length)
  const perSecond = (counts: readonly number[]) => Array.from({ length: seconds }, (_, second) => counts[second] ?? 0)
  const [grants, attempts] = [perSecond(flow.grants), perSecond(flow.attempts)]
  return {
    ...data,
    shows: 'capture',
    series: {
      ...data.series,
      rates: [
        { label: 'granted', values: resampled(grants, data.series), bad: false },
        { label: 'attempts', values: resampled(attempts, data.series), bad: false },
      ],
    },
  }
}

/** What was counted by the second, at the moments of the other curves. */
function resampled(perSecond: readonly number[], { atMs }: Built['data']['series']): number[] {
  return atMs.map((ms) => perSecond[Math.min(perSecond.length - 1, Math.max(0, Math.floor(ms / 1000)))] ?? 0)
}

function head({ source, capture, counts, locks, servers, notes }: Analysis): Markup {
  const bad = counts.overlaps > 0 || counts.foreign_releases > 0
  const warnings = counts.without_ttl > 0
  const sentences = [
    ...(locks.length === 0
      ? []
      : [
          `${locks.length === 1 ? 'one lock' : `${locks.length} locks`}, ${counts.acquisitions} grants in ${counts.attempts} attempts by ${servers.length} ${servers.length === 1 ? 'server' : 'servers'}`,
        ]),
    ...(counts.overlaps > 0
      ? [`${counts.overlaps} times a holder went on after its lease had ended, and another held it at the same time`]
      : []),
    ...(counts.foreign_releases > 0
      ? [`${counts.foreign_releases} times another client deleted a lock that was held`]
      : []),
    ...(counts.without_ttl > 0
      ? [`${counts.without_ttl} grants without a time to live: whoever dies leaves the lock for ever`]
      : []),
  ]
  return markup`<header class="${bad ? 'invalid' : warnings || notes.length > 0 ? 'unknown' : 'valid'}">
<h1>The locks in ${source}</h1>
<p>${capture.commands} commands in ${humanMs(capture.durationMs)}${capture.startedAt !== null && ` from ${capture.startedAt} on`}, ${capture.scriptCommands} more by scripts. MONITOR shows no replies: what was granted is what scripts did, and what must have been.</p>
<ul>${sentences.map((sentence) => markup`<li>${sentence}</li>`)}${notes.map((note) => markup`<li class="dim">${note}</li>`)}</ul>
</header>`
}

function inShort({ first }: Built): Markup | undefined {
  if (first === undefined) return undefined
  const { key, earlier, later, fromMs, toMs } = first
  return markup`<h2>The first overlap</h2><dl>
<dt>which key</dt><dd><code>${key}</code></dd>
<dt>who</dt><dd><b>${earlier.process}</b> was granted it at ${moment(earlier.fromMs)}, and came to free it at ${moment(earlier.toMs)}, when its lease was over<br><b>${later.process}</b> was granted it at ${moment(later.fromMs)}</dd>
<dt>both at once</dt><dd><b>from ${moment(fromMs)} on, for ${humanMs(toMs - fromMs)}</b></dd>
</dl>`
}

function table({ locks }: Analysis): Markup | undefined {
  if (locks.length === 0) return undefined
  const number = (value: string | number) => markup`<td class="number">${value}</td>`
  return markup`<h2>All locks</h2>${scrolling(
    'All locks',
    markup`<table><thead><tr><th>key</th><th>pattern</th>${['attempts', 'grants', 'hold p50', 'hold p99', 'wait p99', 'renewals', 'no TTL', 'overlaps'].map((name) => markup`<th class="number">${name}</th>`)}</tr></thead><tbody>
${locks.map(({ key, pattern, counts, latencyMs }) => markup`<tr><td><code>${key}</code></td><td class="nowrap" title="${pattern.because}">${pattern.name}, ${pattern.sure}</td>${number(counts.attempts)}${number(counts.acquisitions)}${number(ms(latencyMs.hold_time, 'p50'))}${number(ms(latencyMs.hold_time, 'p99'))}${number(ms(latencyMs.acquire_wait, 'p99'))}${number(counts.renewals)}${number(counts.without_ttl)}${number(counts.overlaps)}</tr>`)}
</tbody></table>`,
  )}`
}

function ms(summary: Summary | undefined, which: 'p50' | 'p99'): string {
  return summary !== undefined && 'p50' in summary ? humanMs(summary[which]) : '–'
}

function lockSection(lock: LockAnalysis): Markup {
  const { key, pattern, counts, rates, servers, order } = lock
  const rows = Object.entries(counts).filter(([, count]) => count !== 0 && count !== undefined) as [string, number][]
  const shownRates = Object.entries(rates).filter(([, rate]) => rate !== null) as [string, number][]
  return markup`<h2><code>${key}</code></h2>
<p>${pattern.title}. ${pattern.sure}: ${pattern.because}.</p>
<div class="columns"><section><table><tbody>
${rows.map(([name, count]) => markup`<tr><td>${name.replaceAll('_', ' ')}</td><td class="number">${count}</td></tr>`)}
${shownRates.map(([name, rate]) => markup`<tr><td>${name.replaceAll('_', ' ')}</td><td class="number">${humanCount(rate)}</td></tr>`)}
</tbody></table></section>
<section><table><thead><tr><th>server</th><th class="number">grants</th><th class="number">share</th><th class="number">attempts</th><th class="number">mean wait</th></tr></thead><tbody>
${servers.slice(0, 50).map((each) => markup`<tr><td>${each.server}</td><td class="number">${each.grants}</td><td class="number">${Math.round(each.share * 100)} %</td><td class="number">${each.attempts}</td><td class="number">${each.waitMeanMs === undefined ? '–' : humanMs(each.waitMeanMs)}</td></tr>`)}
</tbody></table></section></div>
<details><summary>The order of acquisition${order.length > orderShown && `, the first ${orderShown}`}</summary>${scrolling(
    'The order of acquisition',
    markup`<table><thead><tr><th class="number">granted at</th><th>to</th><th class="number">attempts</th><th class="number">waited</th><th class="number">after the last</th><th class="number">held</th><th></th></tr></thead><tbody>${order.slice(0, orderShown).map(orderRow)}</tbody></table>`,
  )}</details>`
}

const orderRow = ({ atMs, client, attempts, waitedMs, handoffMs, heldMs, end }: OrderEntry) =>
  markup`<tr><td class="number">${moment(atMs)}</td><td class="nowrap">${client}</td><td class="number">${attempts}</td><td class="number">${humanMs(waitedMs)}</td><td class="number">${handoffMs === undefined ? '–' : humanMs(handoffMs)}</td><td class="number">${heldMs === null ? '–' : humanMs(heldMs)}</td><td>${end === 'released' ? undefined : holdEnds[end]}</td></tr>`

function families({ more, marks }: Analysis): Markup | undefined {
  if (more.length + marks.length === 0) return undefined
  return markup`<h2>Other keys, by their names without numbers</h2><table><thead><tr><th>keys</th><th class="number">how many</th><th class="number">attempts</th><th class="number">grants</th><th></th></tr></thead><tbody>
${more.map((each) => markup`<tr><td><code>${each.name}</code></td><td class="number">${each.keys}</td><td class="number">${each.counts.attempts}</td><td class="number">${each.counts.acquisitions}</td><td>${each.pattern}</td></tr>`)}
${marks.map((each) => markup`<tr><td><code>${each.name}</code></td><td class="number">${each.keys}</td><td class="number">${each.counts.attempts}</td><td class="number">${each.counts.acquisitions}</td><td>SET NX, never wanted twice and never freed: a mark, or a lock that nobody contends for</td></tr>`)}
</tbody></table>`
}
