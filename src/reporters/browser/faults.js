/**
 * When any fault was on: of those that landed, spans that do not touch, so that six faults at once are no darker than one.
 *
 * @param {import('../page/page-data.ts').PageData['faults']} faults
 * @returns {[fromMs: number, toMs: number][]}
 */
export function timesOfFaults(faults) {
  /** @type {[number, number][]} */
  const spans = []
  const landed = faults.filter((fault) => fault.landed)
  for (const { fromMs, toMs } of landed.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = spans.at(-1)
    if (last === undefined || fromMs > last[1]) spans.push([fromMs, toMs])
    else last[1] = Math.max(last[1], toMs)
  }
  return spans
}
