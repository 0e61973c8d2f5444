import { Markup, markup } from './markup.ts'
import { humanMs, moment } from './text.ts'
import type { Bar, Overlap, Timeline } from './timeline.ts'

/**
 * The picture: time from left to right, a lane a server, its holds as bars; red, hatched and named where two overlap; faults as bands
 * over all lanes; below, what each node did to the key. No script: what belongs to a bar is in its title.
 */
const width = 1100
const left = 96
const right = 16
const rowHeight = 20
const barHeight = 16
const labelHeight = 17

export function drawTimeline(timeline: Timeline): Markup {
  const { fromMs, toMs } = timeline
  const x = (ms: number) =>
    left + ((Math.min(toMs, Math.max(fromMs, ms)) - fromMs) / (toMs - fromMs)) * (width - left - right)
  const notes = placeNotes(timeline, x)
  const top = 8 + notes.rows * labelHeight
  const servers = [...new Set(timeline.bars.map(({ server }) => server))].toSorted(byNumber)
  const nodes = [...new Set(timeline.keyEvents.map(({ where }) => where))].toSorted(byNumber)
  let y = top + 6
  const lanes = servers.map((server) => {
    const rows = stack(timeline.bars.filter((bar) => bar.server === server))
    const lane = { server, rows, y }
    y += rows.length * rowHeight + 12
    return lane
  })
  const nodesFrom = y
  y += nodes.length * (rowHeight + 2)
  const height = y + 30
  const barY = new Map(
    lanes.flatMap((lane) =>
      lane.rows.flatMap((bars, row) => bars.map((bar) => [bar.op, lane.y + row * rowHeight] as const)),
    ),
  )

  return markup`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="Holds of ${timeline.key} from ${moment(fromMs)} to ${moment(toMs)}: ${timeline.holds} holds, ${timeline.overlaps.length} overlaps">
<defs>
<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="6" height="6" class="hatch-ground"/><rect width="2.5" height="6" class="hatch-line"/></pattern>
<pattern id="fault" width="10" height="10" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)"><rect width="10" height="10" class="fault-ground"/><rect width="1" height="10" class="fault-line"/></pattern>
</defs>
${drawAxis(timeline, x, top, y)}
${timeline.faults.map((fault) => markup`<rect class="band" fill="url(#fault)" x="${n(x(fault.fromMs))}" y="${top}" width="${n(Math.max(2, x(fault.toMs) - x(fault.fromMs)))}" height="${y - top}"><title>${fault.label}: ${fault.landed ? 'landed' : 'did not land'} at ${moment(fault.fromMs)}, ${fault.healed ? `healed at ${moment(fault.toMs)}` : 'not healed'}</title></rect>`)}
${lanes.map(
  ({
    server,
    rows,
    y: laneY,
  }) => markup`<text class="lane" x="${left - 10}" y="${laneY + 13}" text-anchor="end">${server}</text>
<line class="floor" x1="${left}" x2="${width - right}" y1="${laneY + rows.length * rowHeight + 4}" y2="${laneY + rows.length * rowHeight + 4}"/>
${rows.map((bars, row) => bars.map((bar) => drawBar(bar, x, laneY + row * rowHeight)))}`,
)}
${timeline.overlaps.map((overlap) => drawOverlap(overlap, x, barY))}
${nodes.map((node, index) => {
  const nodeY = nodesFrom + index * (rowHeight + 2)
  return markup`<text class="lane node" x="${left - 10}" y="${nodeY + 13}" text-anchor="end">${node}</text>
${timeline.keyEvents.filter(({ where }) => where === node).map(({ atMs, label }) => markup`<g>${glyph(label, x(atMs), nodeY + 9)}<title>${node} at ${moment(atMs)}: ${label}</title></g>`)}`
})}
${notes.placed.map(({ text, at, row, kind }) => {
  const anchor = at > width - 220 ? 'end' : 'start'
  const noteY = 14 + row * labelHeight
  return markup`<line class="note ${kind}" x1="${n(at)}" x2="${n(at)}" y1="${noteY - 9}" y2="${y}"/><text class="note ${kind}" x="${n(anchor === 'end' ? at - 4 : at + 4)}" y="${noteY}" text-anchor="${anchor}">${text}</text>`
})}
</svg>`
}

function drawBar(bar: Bar, x: (ms: number) => number, y: number): Markup {
  const from = x(bar.fromMs)
  const asked = x(bar.askedMs)
  const holder = `${bar.server}, op ${bar.op}${bar.token === undefined ? '' : `, token ${bar.token}`}`
  const held = `asked at ${moment(bar.askedMs)}, held from ${moment(bar.fromMs)} for ${humanMs(bar.toMs - bar.fromMs)}`
  return markup`${from - asked > 1 && markup`<line class="wait" x1="${n(asked)}" x2="${n(from)}" y1="${y + 8}" y2="${y + 8}"/>`}<rect class="${bar.overlapping ? 'hold bad' : 'hold'}" x="${n(from)}" y="${y}" width="${n(Math.max(1.5, x(bar.toMs) - from))}" height="${barHeight}" rx="1.5"><title>${holder}: ${held}${bar.overlapping && ', overlapping another hold'}</title></rect>`
}

/** Hatched on both bars, and a frame around the two. */
function drawOverlap(
  overlap: Overlap,
  x: (ms: number) => number,
  barY: ReadonlyMap<number, number>,
): Markup | undefined {
  const { servers, ops, fromMs, toMs } = overlap
  const [first, second] = [barY.get(ops[0]), barY.get(ops[1])]
  // The picture was thinned.
  if (first === undefined || second === undefined) return undefined
  const from = n(x(fromMs))
  const length = n(Math.max(2, x(toMs) - x(fromMs)))
  const top = Math.min(first, second)
  const bottom = Math.max(first, second) + barHeight
  const title = `overlap: ${servers[0]} (op ${ops[0]}) and ${servers[1]} (op ${ops[1]}) both held it from ${moment(fromMs)} for ${humanMs(toMs - fromMs)}`
  return markup`<g><title>${title}</title>${[first, second].map((y) => markup`<rect fill="url(#hatch)" x="${from}" y="${y}" width="${length}" height="${barHeight}"/>`)}<rect class="overlap" x="${from}" y="${top - 2}" width="${length}" height="${bottom - top + 4}"/></g>`
}

/** What a node did to the key, by shape: written, deleted, gone by itself, anything else. */
function glyph(event: string, x: number, y: number): Markup {
  if (/^(set|hset|hincrby|restore|copy_to|rename_to)\b/.test(event))
    return markup`<rect class="key" x="${n(x - 1)}" y="${y - 6}" width="2.5" height="12"/>`
  if (/^(del|unlink|hdel|rename_from)\b/.test(event))
    return markup`<path class="key" d="M${n(x - 3)} ${y - 3}l6 6m0 -6l-6 6"/>`
  if (/^(expired|evicted)\b/.test(event)) return markup`<circle class="key gone" cx="${n(x)}" cy="${y}" r="4"/>`
  return markup`<circle class="key" cx="${n(x)}" cy="${y}" r="1.2"/>`
}

/** Bars of one server that overlap get rows of their own. */
function stack(bars: readonly Bar[]): Bar[][] {
  const rowsMax = 6
  const rows: Bar[][] = []
  for (const bar of bars) {
    const row = rows.find((some) => some.at(-1)!.toMs <= bar.fromMs)
    if (row !== undefined) row.push(bar)
    else if (rows.length < rowsMax) rows.push([bar])
    else rows.at(-1)!.push(bar)
  }
  return rows
}

interface Note {
  text: string
  at: number
  row: number
  kind: 'fault' | 'topology' | 'clash'
}

/** Labels above the lanes, each in the first row where it does not touch another. */
function placeNotes({ faults, marks, overlaps, fromMs, toMs }: Timeline, x: (ms: number) => number) {
  const notesMax = 24
  const seen = (ms: number) => ms >= fromMs && ms <= toMs
  const wanted: Omit<Note, 'row'>[] = [
    ...overlaps.slice(0, 1).map((overlap) => ({
      text: `✗ overlap, ${humanMs(overlap.toMs - overlap.fromMs)}`,
      at: x(overlap.fromMs),
      kind: 'clash' as const,
    })),
    ...faults.flatMap((fault) => [
      {
        text: fault.landed ? `⚡ ${fault.label}` : `${fault.label} did not land`,
        at: x(fault.fromMs),
        kind: 'fault' as const,
      },
      ...(fault.healed && seen(fault.toMs)
        ? [{ text: `${fault.label} healed`, at: x(fault.toMs), kind: 'fault' as const }]
        : []),
    ]),
    ...marks.map(({ label, atMs }) => ({ text: label, at: x(atMs), kind: 'topology' as const })),
  ].slice(0, notesMax)
  const taken: [from: number, to: number][][] = []
  const placed: Note[] = []
  for (const note of wanted.toSorted((a, b) => a.at - b.at)) {
    const length = note.text.length * 6.6 + 12
    const from = note.at > width - 220 ? note.at - length : note.at
    const fits = (row: number) => (taken[row] ?? []).every(([a, b]) => from > b || from + length < a)
    let row = 0
    while (!fits(row)) row++
    ;(taken[row] ??= []).push([from, from + length])
    placed.push({ ...note, row })
  }
  return { placed, rows: taken.length }
}

function drawAxis({ fromMs, toMs }: Timeline, x: (ms: number) => number, top: number, y: number): Markup {
  const step = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000].find(
    (ms) => (toMs - fromMs) / ms <= 12,
  )
  const every = step ?? 60_000
  const ticks: number[] = []
  for (let ms = Math.ceil(fromMs / every) * every; ms <= toMs; ms += every) ticks.push(ms)
  const digits = every < 10 ? 3 : every < 100 ? 2 : every < 1000 ? 1 : 0
  return markup`${ticks.map((ms) => markup`<line class="grid" x1="${n(x(ms))}" x2="${n(x(ms))}" y1="${top}" y2="${y}"/><text class="tick" x="${n(x(ms))}" y="${y + 18}" text-anchor="middle">${(ms / 1000).toFixed(digits)} s</text>`)}`
}

/** `server-2` before `server-10`. */
const byNumber = (a: string, b: string) => a.localeCompare(b, 'en', { numeric: true })

const n = (value: number) => Number(value.toFixed(1))
