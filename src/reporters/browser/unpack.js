/**
 * What pack.ts packed, as columns.
 *
 * @typedef {import('../page/page-data.ts').PageData} PageData
 * @typedef {{ count: number, startMs: Float64Array, endMs: Float64Array, waitedMs: Float64Array, key: Int32Array, server: Int32Array, op: Float64Array }} Holds
 * @typedef {{ count: number, earlier: Int32Array, later: Int32Array, startMs: Float64Array, endMs: Float64Array }} Overlaps
 * @typedef {{ count: number, startMs: Float64Array, endMs: Float64Array, key: Int32Array, node: Int32Array, holder: Int32Array, end: Int32Array }} Leases
 */

/**
 * @param {string} packed
 * @returns {() => number} the next whole number
 */
function reader(packed) {
  const text = atob(packed)
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
  let at = 0
  return () => {
    let value = 0
    let weight = 1
    for (;;) {
      const byte = bytes[at++] ?? 0
      value += (byte & 0x7f) * weight
      if (byte < 0x80) return value
      weight *= 0x80
    }
  }
}

/** @param {number} value */
const signed = (value) => (value % 2 === 0 ? value / 2 : -(value + 1) / 2)

/**
 * @param {PageData} data
 * @returns {Holds}
 */
export function unpackHolds({ holds, servers }) {
  const { count, packed } = holds
  const next = reader(packed)
  const [startMs, endMs, waitedMs, op] = [0, 1, 2, 3].map(() => new Float64Array(count))
  const [key, server] = [new Int32Array(count), new Int32Array(count)]
  const lastOps = new Float64Array(servers.length)
  for (let i = 0, us = 0; i < count; i++) {
    us += next()
    startMs[i] = us / 1000
    endMs[i] = (us + next()) / 1000
    waitedMs[i] = next() / 1000
    const lane = next()
    key[i] = Math.floor(lane / servers.length)
    server[i] = lane % servers.length
    lastOps[server[i]] += signed(next())
    op[i] = lastOps[server[i]]
  }
  return { count, startMs, endMs, waitedMs, key, server, op }
}

/**
 * @param {PageData} data
 * @param {Holds} holds
 * @returns {Overlaps} ordered by their starts
 */
export function unpackOverlaps({ overlaps }, holds) {
  const { count, packed } = overlaps
  const next = reader(packed)
  const [earlier, later] = [new Int32Array(count), new Int32Array(count)]
  const [startMs, endMs] = [new Float64Array(count), new Float64Array(count)]
  for (let i = 0, last = 0; i < count; i++) {
    last += next()
    later[i] = last
    earlier[i] = last - signed(next())
    startMs[i] = holds.startMs[last]
    endMs[i] = Math.min(holds.endMs[earlier[i]], holds.endMs[last])
  }
  return { count, earlier, later, startMs, endMs }
}

/**
 * @param {PageData} data
 * @returns {Leases}
 */
export function unpackLeases({ leases, nodes }) {
  const { count, packed } = leases
  const next = reader(packed)
  const [startMs, endMs] = [new Float64Array(count), new Float64Array(count)]
  const [key, node, holder, end] = [0, 1, 2, 3].map(() => new Int32Array(count))
  for (let i = 0, us = 0; i < count; i++) {
    us += next()
    startMs[i] = us / 1000
    endMs[i] = (us + next()) / 1000
    const lane = next()
    key[i] = Math.floor(lane / nodes.length)
    node[i] = lane % nodes.length
    holder[i] = next() - 1
    end[i] = next()
  }
  return { count, startMs, endMs, key, node, holder, end }
}
