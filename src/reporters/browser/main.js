import { histogramChart, timeChart } from './charts.js'
import { addControls } from './controls.js'
import { createTimeline } from './timeline.js'
import { unpackHolds, unpackLeases, unpackOverlaps } from './unpack.js'

/** @type {Omit<import('./charts.js').Line, 'label' | 'atMs' | 'values'>[]} */
const nodeStyles = [
  { color: 'hold', width: 2 },
  { color: 'ink', dash: [8, 4] },
  { color: 'good', dash: [2, 3], width: 2 },
  { color: 'dim', dash: [12, 4, 2, 4] },
  { color: 'fault', dash: [5, 5] },
]

/** Runs last: makes the charts from the data in the page. */
function main() {
  /** @type {import('../page/page-data.ts').PageData} */
  const data = JSON.parse(document.getElementById('data')?.textContent ?? '')
  const figure = document.getElementById('timeline')
  if (figure && data.open) {
    figure.hidden = false
    const holds = unpackHolds(data)
    const drawn = { holds, leases: unpackLeases(data), overlaps: unpackOverlaps(data, holds) }
    const chart = /** @type {HTMLElement} */ (figure.querySelector('[data-part="chart"]'))
    let ready = () => {}
    const timeline = createTimeline(chart, data, drawn, () => ready())
    const controls = addControls(figure, data, timeline, holds, drawn.overlaps)
    ready = controls.moved
    controls.open()
    controls.moved()
  }
  const { atMs, latency, rates } = data.series
  latency.forEach(({ label, p50, p95, max }, index) => {
    const root = document.getElementById(`latency-${index}`)
    if (root)
      timeChart(root, data, {
        label: `${label} over time`,
        unit: 'ms',
        lines: [
          { label: 'half within', atMs, values: p50, color: 'hold', width: 2.5 },
          { label: '95 of 100 within', atMs, values: p95, color: 'ink', dash: [7, 4] },
          { label: 'longest', atMs, values: max, color: 'dim', dash: [2, 3] },
        ],
      })
  })
  const root = document.getElementById('rates')
  /** @type {Omit<import('./charts.js').Line, 'label' | 'atMs' | 'values'>[]} */
  const styles = [
    { color: 'hold', width: 2.5 },
    { color: 'good', dash: [8, 4] },
    { color: 'fault', dash: [2, 3] },
    { color: 'bad', width: 2 },
  ]
  if (root)
    timeChart(root, data, {
      label: 'Grants, requests done, contended and failed, per second',
      unit: '1/s',
      lines: rates.map(({ label, values }, index) => ({ ...(styles[index] ?? { color: 'ink' }), label, atMs, values })),
    })
  data.nodeCurves.forEach(({ label, unit, lines }, index) => {
    const place = document.getElementById(`nodes-${index}`)
    if (place)
      timeChart(place, data, {
        label: `${label} by node, over time`,
        unit,
        namesAtEnds: true,
        lines: lines.map((line, node) => ({ ...nodeStyles[node % nodeStyles.length], ...line })),
      })
  })
  data.histograms.forEach((histogram, index) => {
    const place = document.getElementById(`histogram-${index}`)
    if (place) histogramChart(place, histogram)
  })
  document.documentElement.dataset['ready'] = String(Math.round(performance.now()))
}

main()
