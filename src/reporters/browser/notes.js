/**
 * Words over the lanes: what happened when. A thing that began before the window keeps its words at the window's edge.
 *
 * @typedef {import('../page/page-data.ts').PageData} PageData
 * @typedef {{ atMs: number, text: string, kind: 'clash' | 'allowed' | 'fault' | 'mark', weight: number, line: boolean }} Note
 */

export const noteRows = 5
export const noteHeight = 17

/**
 * @param {PageData} data
 * @param {number[]} keys that are shown
 * @param {number} fromMs
 * @param {number} toMs
 * @param {{ startMs: number, text: string, allowed: boolean } | undefined} clash the overlap that is looked at
 * @returns {Note[]}
 */
export function notesIn(data, keys, fromMs, toMs, clash) {
  /** @param {number} ms */
  const seen = (ms) => ms >= fromMs && ms <= toMs
  /** @type {Note[]} */
  const notes = []
  if (clash && seen(clash.startMs))
    notes.push({
      atMs: clash.startMs,
      text: clash.allowed ? `${clash.text}: as allowed here` : `✗ ${clash.text}`,
      kind: clash.allowed ? 'allowed' : 'clash',
      weight: 0,
      line: true,
    })
  for (const fault of together(data.faults)) {
    const { label, landed, healed } = fault
    if (seen(fault.fromMs))
      notes.push({
        atMs: fault.fromMs,
        text: landed ? `⚡ ${label}` : `${label} did not land`,
        kind: 'fault',
        weight: 1,
        line: true,
      })
    else if (landed && fault.fromMs < fromMs && fault.toMs > fromMs)
      notes.push({
        atMs: fromMs,
        text: `⚡ ${label}, since ${(fault.fromMs / 1000).toFixed(3)} s`,
        kind: 'fault',
        weight: 1,
        line: false,
      })
    if (healed && seen(fault.toMs))
      notes.push({ atMs: fault.toMs, text: `${label} healed`, kind: 'fault', weight: 2, line: true })
  }
  for (const { key, atMs, label } of data.violations)
    if (seen(atMs) && keys.includes(key)) notes.push({ atMs, text: `✗ ${label}`, kind: 'clash', weight: 1, line: true })
  for (const { atMs, label } of data.marks)
    if (seen(atMs)) notes.push({ atMs, text: label, kind: 'mark', weight: 3, line: true })
  return notes
}

/** Begun or ended within this time of each other, for a picture at once. */
const atOnceMs = 50

/**
 * Faults of one kind that begin and end at once are told once, with all that they hit.
 *
 * @param {PageData['faults']} faults
 */
function together(faults) {
  /** @type {PageData['faults']} */
  const told = []
  for (const fault of faults) {
    const [kind, ...target] = fault.label.split(' ')
    const one = told.find(
      ({ label, fromMs, toMs, landed, healed }) =>
        label.startsWith(`${kind} `) &&
        landed === fault.landed &&
        healed === fault.healed &&
        Math.abs(fromMs - fault.fromMs) < atOnceMs &&
        Math.abs(toMs - fault.toMs) < atOnceMs,
    )
    if (one) one.label += `, ${target.join(' ')}`
    else told.push({ ...fault })
  }
  return told
}

/**
 * Each in the first row where it touches no other; what finds no place is left out, the least important first.
 *
 * @param {Note[]} notes
 * @param {(ms: number) => number} x
 * @param {(text: string) => number} widthOf
 * @param {number} rightEdge
 */
export function placeNotes(notes, x, widthOf, rightEdge) {
  /** @type {[number, number][][]} */
  const taken = Array.from({ length: noteRows }, () => [])
  const placed = []
  for (const note of notes.toSorted((a, b) => a.weight - b.weight || a.atMs - b.atMs)) {
    const width = widthOf(note.text) + 10
    const at = x(note.atMs)
    const flipped = at + width > rightEdge
    const fits = !flipped || at >= width
    const from = !fits ? Math.max(0, rightEdge - width) : flipped ? at - width : at
    const row = taken.findIndex((others) => others.every(([a, b]) => from > b || from + width < a))
    if (row < 0) continue
    taken[row].push([from, from + width])
    placed.push({ ...note, at, textAt: fits ? at : from, row, flipped: flipped && fits })
  }
  return placed
}
