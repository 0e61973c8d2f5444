import { colors, onColorsChanged, stripes } from './colors.js'
import { timesOfFaults } from './faults.js'
import { durationText } from './words.js'

/**
 * The curves under the timeline. Lines differ by their strokes (dashes) and not by colour alone; every chart has its faults as bands, and all of one
 * time axis share the cursor.
 *
 * @typedef {import('../page/page-data.ts').PageData} PageData
 * @typedef {{ label: string, atMs: number[], values: (number | null)[], dash?: number[], color: 'hold' | 'ink' | 'bad' | 'fault' | 'dim' | 'good', width?: number }} Line
 * @typedef {'ms' | '1/s' | 'MB' | 'clients'} Unit
 */

const height = 230
/** More names would hide the curves. */
const namedMax = 4

/** For the names at the ends of the lines. */
const namesWidth = 76
const nameHeight = 14

/** uPlot's names for what its `join` makes of a null. */
const nulls = { retain: 1, expand: 2 }

/** @type {Record<Unit, (value: number) => string>} */
const textOf = {
  ms: durationText,
  '1/s': (value) => `${short(value)}/s`,
  MB: (value) => `${short(value)} MB`,
  clients: short,
}

/**
 * @param {HTMLElement} root
 * @param {PageData} data
 * @param {{ label: string, lines: Line[], unit: Unit, namesAtEnds?: boolean }} chart
 */
export function timeChart(root, data, { label, lines, unit, namesAtEnds = false }) {
  let palette = colors()
  const text = textOf[unit]
  /** @param {unknown} _ @param {number[]} splits */
  const decades = (_, splits) =>
    unit === 'ms' ? splits.map((value) => (Number.isInteger(Math.log10(value)) ? value : null)) : splits
  /** @param {import('uplot')} plot */
  const bands = ({ ctx, bbox, valToPos }) => {
    ctx.save()
    ctx.fillStyle = stripes(ctx, palette.fault, 9, 1, 1)
    ctx.strokeStyle = palette.fault
    for (const [fromMs, toMs] of timesOfFaults(data.faults)) {
      const from = Math.max(bbox.left, valToPos(fromMs, 'x', true))
      const to = Math.min(bbox.left + bbox.width, valToPos(toMs, 'x', true))
      if (to <= bbox.left || from >= bbox.left + bbox.width) continue
      ctx.globalAlpha = 0.3
      ctx.fillRect(from, bbox.top, Math.max(2, to - from), bbox.height)
      ctx.globalAlpha = 1
      ctx.strokeRect(from, bbox.top, Math.max(2, to - from), bbox.height)
    }
    ctx.restore()
  }
  /** Over the curves, and readable there. @param {import('uplot')} plot */
  const faultNames = ({ ctx, bbox, scales, valToPos }) => {
    ctx.save()
    ctx.font = `600 ${11 * devicePixelRatio}px system-ui, sans-serif`
    ctx.textAlign = 'left'
    ctx.textBaseline = 'top'
    ctx.lineJoin = 'round'
    ctx.lineWidth = 4 * devicePixelRatio
    ctx.strokeStyle = palette.panel
    ctx.fillStyle = palette.fault
    const landed = data.faults.filter((fault) => fault.landed)
    const more = landed.length - namedMax
    landed.slice(0, namedMax).forEach((fault, index) => {
      const from = Math.max(bbox.left, valToPos(fault.fromMs, 'x', true))
      if (fault.toMs <= (scales['x'].min ?? 0) || from >= bbox.left + bbox.width) return
      const y = bbox.top + 4 + index * nameHeight * devicePixelRatio
      const name = `⚡ ${fault.label}${more > 0 && index === namedMax - 1 ? ` and ${more} more` : ''}`
      ctx.strokeText(name, from + 5, y)
      ctx.fillText(name, from + 5, y)
    })
    ctx.restore()
  }
  /** So that no line has to be told by its colour. @param {import('uplot')} plot */
  const names = ({ ctx, bbox, series, data: columns, valToPos }) => {
    const ends = series.slice(1).flatMap(({ show }, index) => {
      const at = columns[index + 1].findLastIndex((value) => typeof value === 'number')
      if (at < 0 || !show) return []
      const y = valToPos(/** @type {number} */ (columns[index + 1][at]), 'y', true)
      return [{ name: lines[index].label, y, color: palette[lines[index].color] }]
    })
    ctx.save()
    ctx.font = `600 ${11 * devicePixelRatio}px system-ui, sans-serif`
    ctx.textAlign = 'left'
    ctx.textBaseline = 'middle'
    let free = bbox.top
    for (const { name, y, color } of ends.toSorted((a, b) => a.y - b.y)) {
      const top = Math.max(y, free)
      free = top + nameHeight * devicePixelRatio
      ctx.fillStyle = color
      ctx.fillText(name, bbox.left + bbox.width + 6 * devicePixelRatio, top)
    }
    ctx.restore()
  }
  const plot = new uPlot(
    {
      width: Math.max(280, root.clientWidth),
      height,
      padding: [null, namesAtEnds ? namesWidth : null, null, null],
      legend: {
        markers: {
          width: 2,
          fill: 'transparent',
          dash: (_, index) =>
            lines[index - 1]?.dash === undefined
              ? 'solid'
              : (lines[index - 1]?.dash?.[0] ?? 0) > 4
                ? 'dashed'
                : 'dotted',
        },
      },
      cursor: { sync: { key: 'time' }, drag: { x: true, y: false } },
      scales: {
        x: { time: false },
        y: unit === 'ms' ? { distr: 3, log: 10 } : { range: (_, __, max) => [0, Math.max(1, max * 1.08)] },
      },
      axes: [
        { ...axis(), values: (_, splits) => splits.map((ms) => `${Number((ms / 1000).toFixed(2))} s`) },
        {
          ...axis(),
          size: 64,
          // On a logarithmic axis uPlot also gives 2, 3, 4 … of each decade.
          grid: { stroke: () => palette.line, width: 1, filter: decades },
          ticks: { stroke: () => palette.line, filter: decades },
          filter: decades,
          values: (_, splits) => splits.map((value) => (value === null ? null : text(value))),
        },
      ],
      series: [
        { label: 'at', value: (_, ms) => (ms === null ? '' : `${(ms / 1000).toFixed(2)} s`) },
        ...lines.map((line) => ({
          label: line.label,
          stroke: () => palette[line.color],
          width: line.width ?? 1.5,
          dash: line.dash ?? [],
          spanGaps: false,
          points: { show: false },
          value: (/** @type {unknown} */ _, /** @type {number | null} */ value) =>
            value === null || value === undefined ? '' : text(value),
        })),
      ],
      hooks: { drawClear: [bands], draw: namesAtEnds ? [faultNames, names] : [faultNames] },
    },
    uPlot.join(
      lines.map(({ atMs, values }) => [
        atMs,
        values.map((value) => (unit === 'ms' && value !== null ? Math.max(0.001, value) : value)),
      ]),
      // A line's null is a gap as far as its own points are apart, and not only up to the next point of another line.
      lines.map(() => [nulls.retain, nulls.expand]),
    ),
    root,
  )
  walkable(root, plot, label)
  follow(root, plot, () => (palette = colors()))
  function axis() {
    return {
      stroke: () => palette.dim,
      grid: { stroke: () => palette.line, width: 1 },
      ticks: { stroke: () => palette.line },
    }
  }
}

/**
 * @param {HTMLElement} root
 * @param {import('../page/page-data.ts').Histogram} histogram
 */
export function histogramChart(root, { label, edgesMs, counts, summary }) {
  let palette = colors()
  const axis = {
    stroke: () => palette.dim,
    grid: { stroke: () => palette.line, width: 1 },
    ticks: { stroke: () => palette.line },
  }
  const middles = counts.map((_, index) => index)
  /** @param {number} index */
  const range = (index) =>
    counts[index] === undefined ? '' : `${durationText(edgesMs[index])} to ${durationText(edgesMs[index + 1])}`
  const plot = new uPlot(
    {
      width: Math.max(240, root.clientWidth),
      height: 190,
      scales: {
        x: { time: false, range: [-0.7, counts.length - 0.3] },
        y: { range: (_, __, max) => [0, Math.max(1, max * 1.08)] },
      },
      axes: [
        {
          ...axis,
          values: (_, splits) =>
            splits.map((at) => (Number.isInteger(at) && edgesMs[at] !== undefined ? durationText(edgesMs[at]) : '')),
        },
        { ...axis, size: 56 },
      ],
      cursor: { y: false, drag: { x: false, y: false } },
      series: [
        { label: 'took', value: (_, at) => (at === null ? '' : range(at)) },
        {
          label: 'how many',
          value: (_, count) => (count === null ? '' : String(count)),
          stroke: () => palette.hold,
          fill: () => palette.hold,
          paths: uPlot.paths.bars?.({ size: [0.92, 60] }) ?? (() => null),
          points: { show: false },
        },
      ],
    },
    [middles, counts],
    root,
  )
  root.setAttribute('role', 'img')
  root.setAttribute(
    'aria-label',
    `How long ${label} took: half within ${durationText(summary.p50)}, 99 of 100 within ${durationText(summary.p99)}, at most ${durationText(summary.max)}`,
  )
  follow(root, plot, () => (palette = colors()))
}

/** The arrow keys move the cursor, whose values stand in the legend and are read out. @param {HTMLElement} root @param {import('uplot')} plot @param {string} label */
function walkable(root, plot, label) {
  root.tabIndex = 0
  root.setAttribute('role', 'group')
  root.setAttribute('aria-label', `${label}. The arrow keys move along it.`)
  root.querySelector('.u-legend')?.setAttribute('aria-live', 'polite')
  const last = plot.data[0].length - 1
  /** @type {Record<string, (at: number) => number>} */
  const steps = { ArrowLeft: (at) => at - 1, ArrowRight: (at) => at + 1, Home: () => 0, End: () => last }
  root.addEventListener('keydown', (event) => {
    const step = steps[event.key]
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    const at = Math.min(last, Math.max(0, step(plot.cursor.idx ?? -1)))
    plot.setCursor({ left: plot.valToPos(plot.data[0][at], 'x'), top: 0 })
  })
}

/** @param {number} value */
function short(value) {
  return String(Number(value.toPrecision(3)))
}

/** @param {HTMLElement} root @param {import('uplot')} plot @param {() => void} recolor */
function follow(root, plot, recolor) {
  onColorsChanged(() => {
    recolor()
    plot.redraw(false, true)
  })
  new ResizeObserver(() => {
    const width = Math.max(240, root.clientWidth)
    if (width !== plot.width) plot.setSize({ width, height: plot.height })
  }).observe(root)
}
