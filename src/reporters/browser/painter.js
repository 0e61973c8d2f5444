import { stripes } from './colors.js'
import { barHeight, firstFrom, rowHeight } from './lanes.js'
import { noteHeight, noteRows, notesIn, placeNotes } from './notes.js'
import { timesOfFaults } from './faults.js'
import { durationText } from './words.js'

/**
 * Paints the timeline's lanes; knows nothing of uPlot.
 *
 * @typedef {import('../page/page-data.ts').PageData} PageData
 * @typedef {import('./unpack.js').Holds} Holds
 * @typedef {import('./unpack.js').Leases} Leases
 * @typedef {import('./unpack.js').Overlaps} Overlaps
 * @typedef {{ layout: import('./lanes.js').Layout, palette: ReturnType<typeof import('./colors.js').colors>, chosen: number, fromMs: number, toMs: number, width: number, height: number }} Scene
 */

/** Where the first lane begins: above it are the words. */
export const lanesTop = noteRows * noteHeight + 8

/**
 * @param {PageData} data
 * @param {{ holds: Holds, leases: Leases, overlaps: Overlaps }} drawn
 */
export function createPainter(data, { holds, leases, overlaps }) {
  const free = unstriped(holds, overlaps)
  const longestHoldMs = longest(holds)
  const longestLeaseMs = longest(leases)
  const longestWaitMs = holds.waitedMs.reduce((most, ms) => Math.max(most, ms), 0)
  let { layout, palette, chosen } = /** @type {Scene} */ ({})

  /**
   * @param {CanvasRenderingContext2D} ctx its origin is the plot's corner, its unit a CSS pixel
   * @param {Scene} scene
   */
  function paint(ctx, scene) {
    ;({ layout, palette, chosen } = scene)
    const { fromMs, toMs, width, height } = scene
    /** @param {number} ms */
    const x = (ms) => ((ms - fromMs) / (toMs - fromMs)) * width
    ctx.font = '12px system-ui, sans-serif'
    ctx.textBaseline = 'middle'
    ctx.textAlign = 'left'
    drawFaults(ctx, x, width, height)
    for (const lane of layout.lanes) {
      ctx.fillStyle = palette.line
      ctx.fillRect(0, lane.top + lane.rows * rowHeight + 3, width, 1)
      if (lane.kind === 'server') {
        drawWaits(ctx, lane, x, fromMs, toMs)
        drawHolds(ctx, lane, x, fromMs, toMs, width)
      } else drawLeases(ctx, lane, x, fromMs, toMs, width)
      // Over the holds: a server may believe that it holds a lock while it stands still.
      drawOutages(ctx, lane, x, width)
    }
    drawOverlaps(ctx, x, fromMs, toMs, data.allowsOverlaps ? palette.dim : palette.bad)
    for (const lane of layout.lanes) nameOutages(ctx, lane, x, width)
    drawNotes(ctx, x, fromMs, toMs, width, height)
  }

  /** @param {CanvasRenderingContext2D} ctx @param {(ms: number) => number} x @param {number} width @param {number} height */
  function drawFaults(ctx, x, width, height) {
    const pattern = stripes(ctx, palette.fault, 9, 1, 1)
    for (const [fromMs, toMs] of timesOfFaults(data.faults)) {
      const [from, to] = [Math.max(-2, x(fromMs)), Math.min(width + 2, x(toMs))]
      if (to < 0 || from > width) continue
      const length = Math.max(2, to - from)
      ctx.globalAlpha = 0.1
      ctx.fillStyle = palette.fault
      ctx.fillRect(from, lanesTop - 6, length, height)
      ctx.globalAlpha = 0.28
      ctx.fillStyle = pattern
      ctx.fillRect(from, lanesTop - 6, length, height)
      ctx.globalAlpha = 1
    }
  }

  /** When the lane's server or node was away, in pixels. @param {import('./lanes.js').Lane} lane @param {(ms: number) => number} x @param {number} width */
  const outagesOf = (lane, x, width) =>
    data.outages
      .filter(({ name }) => name === lane.name)
      .map(({ name, what, fromMs, toMs }) => ({
        text: `${name} is ${what}`,
        from: Math.max(-2, x(fromMs)),
        to: Math.min(width + 2, x(toMs)),
      }))
      .filter(({ from, to }) => to > 0 && from < width)

  /** A lane is crossed out where its server or node was away, in dark lines with a light rim, for bars are dark. @param {CanvasRenderingContext2D} ctx @param {import('./lanes.js').Lane} lane @param {(ms: number) => number} x @param {number} width */
  function drawOutages(ctx, lane, x, width) {
    for (const { from, to } of outagesOf(lane, x, width)) {
      const [length, height] = [Math.max(2, to - from), lane.rows * rowHeight - (rowHeight - barHeight)]
      for (const [ink, wide, alpha] of /** @type {const} */ ([
        [palette.holdInk, 2.2, lane.kind === 'server' ? 0.6 : 0],
        [palette.ink, 0.8, 0.5],
      ]))
        for (const slope of /** @type {const} */ ([1, -1])) {
          ctx.globalAlpha = alpha
          ctx.fillStyle = stripes(ctx, ink, 8, wide, slope)
          ctx.fillRect(from, lane.top, length, height)
        }
      ctx.globalAlpha = 1
    }
  }

  /** Over all bars and stripes. @param {CanvasRenderingContext2D} ctx @param {import('./lanes.js').Lane} lane @param {(ms: number) => number} x @param {number} width */
  function nameOutages(ctx, lane, x, width) {
    for (const { text, from, to } of outagesOf(lane, x, width)) {
      const wide = ctx.measureText(text).width + 8
      if (wide > to - from) continue
      ctx.fillStyle = palette.ground
      ctx.fillRect(to - wide - 4, lane.top + 1, wide, barHeight - 2)
      ctx.fillStyle = palette.ink
      ctx.fillText(text, to - wide, lane.top + barHeight / 2 + 0.5)
    }
  }

  /** The thin lines, under all bars. @param {CanvasRenderingContext2D} ctx @param {import('./lanes.js').Lane} lane @param {(ms: number) => number} x @param {number} fromMs @param {number} toMs */
  function drawWaits(ctx, lane, x, fromMs, toMs) {
    ctx.fillStyle = palette.dim
    ctx.globalAlpha = 0.5
    const lastPixel = new Array(lane.rows).fill(-9)
    for (let i = firstFrom(lane.items, holds.startMs, fromMs); i < lane.items.length; i++) {
      const item = lane.items[i]
      if (holds.startMs[item] - longestWaitMs > toMs) break
      const [asked, from] = [x(holds.startMs[item] - holds.waitedMs[item]), x(holds.startMs[item])]
      const left = Math.max(0, asked, lastPixel[lane.row[i]])
      if (from - left < 2) continue
      ctx.fillRect(left, lane.top + lane.row[i] * rowHeight + barHeight / 2, from - left, 1)
      lastPixel[lane.row[i]] = from
    }
    ctx.globalAlpha = 1
  }

  /** @param {CanvasRenderingContext2D} ctx @param {import('./lanes.js').Lane} lane @param {(ms: number) => number} x @param {number} fromMs @param {number} toMs @param {number} width */
  function drawHolds(ctx, lane, x, fromMs, toMs, width) {
    // What is narrower than a pixel is drawn once for each of them.
    const lastPixel = new Array(lane.rows).fill(-9)
    for (let i = firstFrom(lane.items, holds.startMs, fromMs - longestHoldMs); i < lane.items.length; i++) {
      const item = lane.items[i]
      if (holds.startMs[item] > toMs) break
      const to = x(holds.endMs[item])
      if (to < 0) continue
      const [from, row] = [x(holds.startMs[item]), lane.row[i]]
      if (to <= lastPixel[row]) continue
      const y = lane.top + row * rowHeight
      const left = Math.max(-2, from)
      const length = Math.max(1, Math.min(width + 2, to) - left)
      lastPixel[row] = left + length
      ctx.fillStyle = palette.hold
      ctx.fillRect(left, y, length, barHeight)
      label(
        ctx,
        `${data.servers[holds.server[item]]} holds it, op ${holds.op[item]}`,
        `op ${holds.op[item]}`,
        ...between(Math.max(left, x(free.fromMs[item])), Math.min(left + length, x(free.toMs[item]), width), y),
        palette.holdInk,
      )
    }
  }

  /** @param {CanvasRenderingContext2D} ctx @param {import('./lanes.js').Lane} lane @param {(ms: number) => number} x @param {number} fromMs @param {number} toMs @param {number} width */
  function drawLeases(ctx, lane, x, fromMs, toMs, width) {
    let lastPixel = -9
    // Where one key follows another without an end in between, words would stand on words.
    let wordsTo = -9
    for (let i = firstFrom(lane.items, leases.startMs, fromMs - longestLeaseMs); i < lane.items.length; i++) {
      const item = lane.items[i]
      if (leases.startMs[item] > toMs) break
      const [from, to] = [x(leases.startMs[item]), x(leases.endMs[item])]
      if (to < 0 || to <= lastPixel) continue
      const left = Math.max(-2, from)
      const length = Math.max(1, Math.min(width + 2, to) - left)
      lastPixel = left + length
      ctx.strokeStyle = palette.hold
      ctx.lineWidth = 1.5
      ctx.strokeRect(left + 0.75, lane.top + 0.75, Math.max(0.5, length - 1.5), barHeight - 1.5)
      const owner = ownerText(item)
      const long = owner === undefined ? 'key set' : `key set for ${owner}`
      const end = leases.end[item]
      const next = lane.items[i + 1]
      const room = Math.min(width, next === undefined ? width : x(leases.startMs[next])) - to
      const text = end > 1 ? data.leaseEnds[end] : ''
      const needs = ctx.measureText(text).width + 8
      ctx.fillStyle = palette.ink
      // How it ended stands behind it, or where the next one is too near, in it.
      const free = Math.max(left, wordsTo)
      if (text !== '' && room >= needs && to >= wordsTo) {
        ctx.fillText(text, to + 4, lane.top + barHeight / 2 + 0.5)
        wordsTo = to + needs
      }
      const within = text !== '' && room < needs && to <= width && to - free > needs + 60 ? needs : 0
      if (within > 0) ctx.fillText(text, to - needs + 2, lane.top + barHeight / 2 + 0.5)
      label(
        ctx,
        long,
        owner === undefined ? '' : `for ${data.servers[holds.server[leases.holder[item]]]}`,
        free,
        lane.top,
        Math.min(left + length - within, width) - free,
        palette.ink,
      )
      wordsTo = Math.max(wordsTo, left + length)
    }
  }

  /** Undefined where the key's value does not tell. @param {number} lease */
  function ownerText(lease) {
    const item = leases.holder[lease]
    return item < 0 ? undefined : holder(item)
  }

  /** @param {CanvasRenderingContext2D} ctx @param {(ms: number) => number} x @param {number} fromMs @param {number} toMs @param {string} ink */
  function drawOverlaps(ctx, x, fromMs, toMs, ink) {
    const pattern = stripes(ctx, ink, 6, 2.4, -1)
    for (let i = 0; i < overlaps.count; i++) {
      if (overlaps.startMs[i] > toMs) break
      if (overlaps.endMs[i] < fromMs) continue
      const [a, b] = [layout.spotOf.get(overlaps.earlier[i]), layout.spotOf.get(overlaps.later[i])]
      if (a === undefined || b === undefined) continue
      const from = x(overlaps.startMs[i])
      const length = Math.max(2, x(overlaps.endMs[i]) - from)
      for (const y of [a, b]) {
        ctx.fillStyle = palette.ground
        ctx.globalAlpha = 0.75
        ctx.fillRect(from, y, length, barHeight)
        ctx.globalAlpha = 1
        ctx.fillStyle = pattern
        ctx.fillRect(from, y, length, barHeight)
      }
      tag(ctx, holder(overlaps.earlier[i]), from, a, length, ink)
      tag(ctx, holder(overlaps.later[i]), from, b, length, ink)
      ctx.strokeStyle = ink
      ctx.lineWidth = i === chosen ? 2.5 : 1.2
      ctx.strokeRect(from, Math.min(a, b) - 2, length, Math.abs(a - b) + barHeight + 4)
    }
  }

  /** @param {number} item */
  const holder = (item) => `${data.servers[holds.server[item]]}, op ${holds.op[item]}`

  /** Readable over the stripes. @param {CanvasRenderingContext2D} ctx @param {string} text @param {number} left @param {number} y @param {number} length @param {string} ink */
  function tag(ctx, text, left, y, length, ink) {
    const width = ctx.measureText(text).width + 8
    const from = Math.max(2, left + 3)
    if (from + width > left + length) return
    ctx.fillStyle = palette.ground
    ctx.fillRect(from, y + 1, width, barHeight - 2)
    ctx.fillStyle = ink
    ctx.fillText(text, from + 4, y + barHeight / 2 + 0.5)
  }

  /** @param {CanvasRenderingContext2D} ctx @param {(ms: number) => number} x @param {number} fromMs @param {number} toMs @param {number} width @param {number} height */
  function drawNotes(ctx, x, fromMs, toMs, width, height) {
    const clash =
      chosen < 0
        ? undefined
        : {
            startMs: overlaps.startMs[chosen],
            text: `both hold it, for ${durationText(overlaps.endMs[chosen] - overlaps.startMs[chosen])}`,
            allowed: data.allowsOverlaps,
          }
    ctx.font = '600 12px system-ui, sans-serif'
    const notes = placeNotes(
      notesIn(data, layout.keys, fromMs, toMs, clash),
      x,
      (text) => ctx.measureText(text).width,
      width,
    )
    const inks = { clash: palette.bad, allowed: palette.ink, fault: palette.fault, mark: palette.ink }
    for (const { at, textAt, row, text, kind, flipped, line } of notes) {
      const y = row * noteHeight + noteHeight / 2
      ctx.strokeStyle = ctx.fillStyle = inks[kind]
      ctx.lineWidth = 1
      ctx.setLineDash(kind === 'mark' ? [3, 3] : [])
      if (line) {
        ctx.beginPath()
        ctx.moveTo(Math.round(at) + 0.5, y - 7)
        ctx.lineTo(Math.round(at) + 0.5, height)
        ctx.stroke()
      }
      ctx.setLineDash([])
      ctx.textAlign = flipped ? 'right' : 'left'
      ctx.fillText(text, flipped ? textAt - 4 : textAt + 4, y)
      ctx.textAlign = 'left'
    }
  }

  return { paint, ownerText, holder }
}

/** @param {{ count: number, startMs: Float64Array, endMs: Float64Array }} columns */
function longest({ count, startMs, endMs }) {
  let longestMs = 0
  for (let i = 0; i < count; i++) longestMs = Math.max(longestMs, endMs[i] - startMs[i])
  return longestMs
}

/** @param {number} left @param {number} right @param {number} y @returns {[number, number, number]} */
const between = (left, right, y) => [left, y, right - left]

/**
 * The part of each hold that is not under the stripes of an overlap, for its words.
 *
 * @param {Holds} holds @param {Overlaps} overlaps
 */
function unstriped(holds, overlaps) {
  const [fromMs, toMs] = [holds.startMs.slice(), holds.endMs.slice()]
  for (let i = 0; i < overlaps.count; i++) {
    const [earlier, later] = [overlaps.earlier[i], overlaps.later[i]]
    toMs[earlier] = Math.min(toMs[earlier], overlaps.startMs[i])
    fromMs[later] = Math.max(fromMs[later], overlaps.endMs[i])
  }
  return { fromMs, toMs }
}

/**
 * The longer words where they fit, else the shorter, else none.
 *
 * @param {CanvasRenderingContext2D} ctx @param {string} long @param {string} short @param {number} left @param {number} y @param {number} width @param {string} ink
 */
function label(ctx, long, short, left, y, width, ink) {
  if (width < 24) return
  const text = [long, short].find((some) => ctx.measureText(some).width + 8 <= width)
  if (text === undefined) return
  ctx.fillStyle = ink
  ctx.fillText(text, Math.max(4, left + 4), y + barHeight / 2 + 0.5)
}
