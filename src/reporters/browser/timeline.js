import { colors, onColorsChanged } from './colors.js'
import { barHeight, layOut, rowHeight } from './lanes.js'
import { createPainter, lanesTop } from './painter.js'
import { countText, durationText, momentText } from './words.js'

/**
 * The lock timeline on uPlot: it has the axes, the cursor and the zoom, the lanes are drawn in its hook.
 *
 * @typedef {import('../page/page-data.ts').PageData} PageData
 * @typedef {import('./unpack.js').Holds} Holds
 * @typedef {import('./unpack.js').Leases} Leases
 * @typedef {import('./unpack.js').Overlaps} Overlaps
 */

const axisHeight = 42
export const narrowestMs = 0.05

/**
 * @param {HTMLElement} root
 * @param {PageData} data
 * @param {{ holds: Holds, leases: Leases, overlaps: Overlaps }} drawn
 * @param {(fromMs: number, toMs: number) => void} moved
 */
export function createTimeline(root, data, { holds, leases, overlaps }, moved) {
  let palette = colors()
  let keys = [data.open?.key ?? 0]
  let chosen = -1
  let view = data.wholeMs
  let layout = layOut(data, holds, leases, keys, lanesTop)
  const painter = createPainter(data, { holds, leases, overlaps })
  const widest = () =>
    Math.max(
      60,
      Math.min(root.clientWidth * 0.3, 24 + 7.2 * Math.max(6, ...layout.lanes.map(({ label }) => label.length))),
    )

  /** @param {import('uplot')} plot */
  function draw(plot) {
    const { ctx, bbox } = plot
    const ratio = devicePixelRatio
    const [fromMs, toMs] = windowOf(plot)
    ctx.save()
    ctx.beginPath()
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
    ctx.clip()
    ctx.translate(bbox.left, bbox.top)
    ctx.scale(ratio, ratio)
    painter.paint(ctx, {
      layout,
      palette,
      chosen,
      fromMs,
      toMs,
      width: bbox.width / ratio,
      height: bbox.height / ratio,
    })
    ctx.restore()
  }

  const plot = new uPlot(
    options(),
    [
      [0, data.wholeMs[1]],
      [0, 0],
    ],
    root,
  )

  /** @returns {import('uplot').Options} */
  function options() {
    return {
      ...sizes(),
      legend: { show: false },
      cursor: { y: false, drag: { x: true, y: false, setScale: true }, points: { show: false } },
      scales: {
        x: { time: false, min: data.wholeMs[0], max: data.wholeMs[1] },
        y: { range: () => [0, layout.height], dir: -1 },
      },
      axes: [
        {
          size: axisHeight,
          stroke: () => palette.dim,
          grid: { stroke: () => palette.line, width: 1 },
          ticks: { stroke: () => palette.line },
          values: (_, splits, __, ___, step) => splits.map((ms) => `${(ms / 1000).toFixed(decimals(step))} s`),
        },
        {
          size: () => widest(),
          stroke: () => palette.ink,
          font: '600 12px system-ui, sans-serif',
          grid: { show: false },
          ticks: { show: false },
          splits: () => layout.lanes.map(({ top }) => top + barHeight / 2),
          values: () => layout.lanes.map(({ label: name }) => (name.length > 34 ? `${name.slice(0, 33)}…` : name)),
        },
      ],
      series: [{}, { show: true, paths: () => null, points: { show: false } }],
      hooks: {
        draw: [draw],
        setScale: [
          (self, scale) => {
            if (scale !== 'x') return
            view = windowOf(self)
            moved(...view)
          },
        ],
      },
    }
  }

  function sizes() {
    return { width: Math.max(280, root.clientWidth), height: layout.height + axisHeight + 16 }
  }

  /** @param {number} fromMs @param {number} toMs */
  function show(fromMs, toMs) {
    const length = Math.min(Math.max(narrowestMs, toMs - fromMs), data.wholeMs[1])
    const from = Math.min(Math.max(data.wholeMs[0], fromMs), data.wholeMs[1] - length)
    // uPlot sets its scales a little later, all at once: what comes before that must already count from here.
    view = [from, from + length]
    plot.setScale('x', { min: from, max: from + length })
  }

  /** @param {number} ms @param {number} y @returns {string[]} what is under the cursor, in lines */
  function tellAt(ms, y) {
    const lane = layout.lanes.find(({ top, rows }) => y >= top - 4 && y < top + rows * rowHeight)
    if (!lane)
      return data.faults
        .filter(({ fromMs, toMs }) => ms >= fromMs && ms <= toMs)
        .map(
          ({ label: name, fromMs, toMs, healed }) =>
            `${name}: from ${momentText(fromMs)}${healed ? `, healed at ${momentText(toMs)}` : ''}`,
        )
    const slackMs = ((windowOf(plot)[1] - windowOf(plot)[0]) / plot.width) * 2
    const columns = lane.kind === 'server' ? holds : leases
    const hits = lane.items.filter(
      (item, i) =>
        columns.startMs[item] - slackMs <= ms &&
        columns.endMs[item] + slackMs >= ms &&
        (lane.kind === 'node' || Math.abs(lane.top + lane.row[i] * rowHeight + barHeight / 2 - y) <= rowHeight / 2),
    )
    return hits
      .slice(0, 3)
      .map((item) =>
        lane.kind === 'server'
          ? holdText(item)
          : `${lane.label} had the key${painter.ownerText(item) === undefined ? ' (its value does not tell for whom)' : ` for ${painter.ownerText(item)}`}, from ${momentText(leases.startMs[item])} to ${momentText(leases.endMs[item])}: ${data.leaseEnds[leases.end[item]]}`,
      )
  }

  /** @param {number} item */
  function holdText(item) {
    const others = []
    for (let i = 0; i < overlaps.count; i++) {
      if (overlaps.startMs[i] > holds.endMs[item]) break
      if (overlaps.earlier[i] === item) others.push(overlaps.later[i])
      if (overlaps.later[i] === item) others.push(overlaps.earlier[i])
    }
    const clash = others.slice(0, 3).map((other) => `${data.servers[holds.server[other]]} op ${holds.op[other]}`)
    return `${data.servers[holds.server[item]]}, op ${holds.op[item]}: held ${data.keys[holds.key[item]].name} from ${momentText(holds.startMs[item])} to ${momentText(holds.endMs[item])} (${durationText(holds.endMs[item] - holds.startMs[item])}), after ${durationText(holds.waitedMs[item])} of waiting${clash.length > 0 ? `; at the same time as ${clash.join(', ')}` : ''}`
  }

  function redraw() {
    palette = colors()
    plot.setSize(sizes())
    plot.redraw(false, true)
  }
  onColorsChanged(redraw)
  new ResizeObserver(() => plot.width !== sizes().width && redraw()).observe(root)

  return {
    plot,
    show,
    tellAt,
    holdText,
    window: () => view,
    /** @param {number[]} wanted */
    showKeys(wanted) {
      keys = wanted
      layout = layOut(data, holds, leases, keys, lanesTop)
      redraw()
      return layout.lanesLeftOut
    },
    /** @param {number} overlap -1 for none */
    choose(overlap) {
      chosen = overlap
      plot.redraw(false, false)
    },
    keys: () => keys,
    /** The holds in the window, for those who read instead of look. */
    holdsInWindow() {
      const [fromMs, toMs] = windowOf(plot)
      const items = layout.lanes.flatMap((lane) =>
        lane.kind === 'server'
          ? lane.items.filter((item) => holds.startMs[item] <= toMs && holds.endMs[item] >= fromMs)
          : [],
      )
      return items.toSorted((a, b) => holds.startMs[a] - holds.startMs[b])
    },
    summary() {
      const [fromMs, toMs] = windowOf(plot)
      let clashes = 0
      for (let i = 0; i < overlaps.count && overlaps.startMs[i] <= toMs; i++)
        if (overlaps.endMs[i] >= fromMs && layout.spotOf.has(overlaps.later[i])) clashes++
      return `${momentText(fromMs)} to ${momentText(toMs)}: ${countText(this.holdsInWindow().length, 'hold')}, ${countText(clashes, 'overlap')}`
    },
  }
}

/** As many as tell every step of so many ms in seconds: 25 ms are 0.025 s. @param {number} stepMs */
const decimals = (stepMs) =>
  [1, 2, 3, 4].find((digits) => Number.isInteger(Number((stepMs * 10 ** (digits - 3)).toPrecision(9)))) ?? 5

/** @param {import('uplot')} plot @returns {[number, number]} */
const windowOf = ({ scales }) => [scales['x'].min ?? 0, scales['x'].max ?? 1]
