import { markup, type Markup } from '../markup.ts'
import { humanMs } from '../text.ts'
import type { Timeline } from '../timeline.ts'
import { drawTimeline } from '../timeline-svg.ts'
import type { PageData } from './page-data.ts'
import { scrolling } from './scrolling.ts'

/** The lock timeline, and a still picture of it where scripts are off. `opens`: the end of "Timeline, opening". */
export function timeline(data: PageData, still: Timeline | undefined, opens: string): Markup {
  if (data.open === null || still === undefined)
    return markup`<h2>Timeline</h2><p>No lock was held, so there is nothing to draw.</p>`
  return markup`<h2>Timeline, opening ${opens}</h2>
<figure id="timeline" hidden><figcaption>${legend(data)}</figcaption>
<div class="bar" data-part="bar"></div>
<p class="dim" data-part="said" role="status"></p>
<div class="chart" data-part="chart" tabindex="0" role="group" aria-label="Timeline of the locks. Arrow keys move, plus and minus zoom, n and p go to the next and the previous overlap, 0 shows the whole ${data.shows}. The holds are listed below."></div>
<div class="tip" data-part="tip">Point at a bar for its numbers. Drag across to zoom in; Ctrl with the wheel zooms, Shift with the wheel moves.</div>
<details data-part="list"><summary>The holds of this window as a list</summary></details>
${thinned(data)}</figure>
<noscript><p>Scripts are off here, so the timeline cannot be moved. It shows <code>${still.key}</code>, ${still.because}.</p>${scrolling('Timeline', drawTimeline(still))}</noscript>`
}

const legend = ({ allowsOverlaps }: PageData) =>
  markup`${Object.entries({ ...signs, ...(allowsOverlaps && allowed) }).map(([name, meaning]) => markup`<span class="sign"><span class="key ${name}${name === 'clash' && allowsOverlaps && ' allowed'}"></span> ${meaning}</span> `)}`

const signs = {
  belief: 'filled: the server believes that it holds the lock, after the thin line of its waiting.',
  lease: "outlined: the Redis node has the key, and for whom where the key's value was seen.",
  clash: 'red stripes in a frame: two believe it at once.',
  fault: 'wide stripes: a fault is on.',
  away: 'crossed out: it was down, or stood still.',
}

const allowed = {
  clash: 'grey stripes in a frame: two believe it at once, and this scenario allows as many as there are.',
}

/** What the picture lacks is said, never hidden. */
function thinned({ holds, overlaps, leases }: PageData): Markup | undefined {
  const said = [
    holds.count < holds.of &&
      `Thinned: ${holds.count} of the ${holds.of} holds are drawn; ${overlaps.count === overlaps.of ? 'every hold that overlaps another, and all within 50 ms of it, is among them' : 'those that overlap come first'}.`,
    overlaps.count < overlaps.of && `Of the ${overlaps.of} overlaps the first ${overlaps.count} are marked.`,
    leases.count < leases.of &&
      `Of the ${leases.of} times in which a node had a key ${leases.count} are drawn, those near overlaps first.`,
  ].filter((text) => text !== false)
  return said.length > 0
    ? markup`<p class="dim">${said.join(' ')} Counts elsewhere on this page are of the whole history.</p>`
    : undefined
}

/** Latency, rates and histograms over time. */
export function curves(data: PageData): Markup | undefined {
  const { series, histograms } = data
  if (series.latency.every(({ max }) => max.every((value) => value === null))) return undefined
  return markup`<h2>Latency over time</h2><p class="dim">Each point is ${humanMs(series.sliceMs)} of the ${data.shows}${data.shows === 'drill' && '; striped where a fault was on'}. Drag across to zoom in, double-click for all.</p>
<div class="columns wide">${series.latency.map(({ label }, index) => markup`<section class="half"><h3>${label}</h3><div class="chart" id="latency-${index}"></div></section>`)}</div>
<h2>Throughput and errors</h2><div class="chart" id="rates"></div>
<h2>How often it took how long</h2>
<div class="columns wide">${histograms.map(({ label, summary }, index) => markup`<section class="third"><h3>${label}</h3><div class="chart" id="histogram-${index}"></div><p class="dim">half within ${humanMs(summary.p50)}, 95 of 100 within ${humanMs(summary.p95)}, 99 of 100 within ${humanMs(summary.p99)}, longest ${humanMs(summary.max)}</p></section>`)}</div>`
}
