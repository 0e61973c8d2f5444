/**
 * Which lanes the timeline has, and where.
 *
 * @typedef {import('./unpack.js').Holds} Holds
 * @typedef {import('./unpack.js').Leases} Leases
 * @typedef {import('../page/page-data.ts').PageData} PageData
 * @typedef {{ label: string, name: string, kind: 'server' | 'node', top: number, rows: number, items: number[], row: number[] }} Lane
 * @typedef {{ keys: number[], lanes: Lane[], height: number, lanesLeftOut: number, spotOf: Map<number, number> }} Layout
 */

export const rowHeight = 20
export const barHeight = 16
const gap = 10
const rowsMax = 6
const lanesMax = 60

/**
 * A lane for each server and key; where one key is shown also one for each node that had it. Holds of one server that overlap get rows of their own.
 *
 * @param {PageData} data
 * @param {Holds} holds
 * @param {Leases} leases
 * @param {number[]} keys
 * @param {number} top where the first lane begins
 * @returns {Layout}
 */
export function layOut(data, holds, leases, keys, top) {
  /** @type {Lane[]} */
  const lanes = []
  /** @type {Map<number, number>} */
  const spotOf = new Map()
  const shown = new Map(keys.map((key, index) => [key, index]))
  const byLane = keys.map(() => data.servers.map(() => /** @type {number[]} */ ([])))
  for (let i = 0; i < holds.count; i++) {
    const index = shown.get(holds.key[i])
    if (index !== undefined) byLane[index][holds.server[i]].push(i)
  }
  let y = top
  let lanesLeftOut = 0
  /** @param {Lane} lane */
  const add = (lane) => {
    lanes.push(lane)
    y += lane.rows * rowHeight + gap
  }
  keys.forEach((key, index) => {
    data.servers.forEach((server, at) => {
      const items = byLane[index][at]
      if (items.length === 0 && keys.length > 1) return
      if (lanes.length >= lanesMax) {
        lanesLeftOut++
        return
      }
      const { row, rows } = stack(items, holds)
      items.forEach((item, i) => spotOf.set(item, y + row[i] * rowHeight))
      add({
        label: keys.length > 1 ? `${server} ${data.keys[key].name}` : server,
        name: server,
        kind: 'server',
        top: y,
        rows,
        items,
        row,
      })
    })
  })
  if (keys.length === 1)
    data.nodes.forEach((node, at) => {
      const items = []
      for (let i = 0; i < leases.count; i++) if (leases.node[i] === at && leases.key[i] === keys[0]) items.push(i)
      add({ label: node, name: node, kind: 'node', top: y, rows: 1, items, row: items.map(() => 0) })
    })
  return { keys, lanes, height: y, lanesLeftOut, spotOf }
}

/**
 * @param {number[]} items
 * @param {Holds} holds
 */
function stack(items, holds) {
  /** @type {number[]} */
  const ends = []
  const row = items.map((item) => {
    let at = ends.findIndex((endMs) => endMs <= holds.startMs[item])
    if (at < 0) at = ends.length < rowsMax ? ends.length : rowsMax - 1
    ends[at] = holds.endMs[item]
    return at
  })
  return { row, rows: Math.max(1, ends.length) }
}

/**
 * The first of the items (ordered by start) that may reach into the window: the longest of them began this long before it.
 *
 * @param {number[]} items
 * @param {Float64Array} startMs
 * @param {number} ms
 */
export function firstFrom(items, startMs, ms) {
  let [low, high] = [0, items.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (startMs[items[middle]] < ms) low = middle + 1
    else high = middle
  }
  return low
}
