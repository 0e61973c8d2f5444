import { codes, digits, ends, found, head, nowhere, quoteAfter, skip, spelling, viewOf } from './bytes.ts'
import type { KeyEvent } from './event.ts'
import type { EventTable } from './event-table.ts'
import { isPlain } from './names.ts'

/**
 * Reads what became of a key on a node, in the recorder's own spelling (recorder.ts): two thirds of what a drill writes down. As parseCall does, but an
 * object comes of it, of one of few shapes and with shared names. Returns where the next line begins; -1 for every other line and spelling.
 */
export function parseKey(bytes: Buffer, from: number, to: number, into: EventTable): number {
  const view = viewOf(bytes)
  let at = head(view, bytes, from, to, into.processes)
  if (at === nowhere) return -1
  const [t, process] = [found[0]!, found[1]!]
  const eventAt = (at = skip(view, at, to, words.event))
  at = quoteAfter(bytes, at, to)
  const event = into.names.numberOfText(view, bytes, eventAt, at)
  if (event < 0) return -1
  const keyAt = (at = skip(view, at, to, words.key))
  at = quoteAfter(bytes, at, to)
  const key = into.names.numberOfText(view, bytes, keyAt, at++)
  if (key < 0) return -1
  let value: string | undefined
  const valueAt = skip(view, at, to, words.value)
  if (valueAt !== nowhere) {
    const end = quoteAfter(bytes, valueAt, to)
    if (end === nowhere || !isPlain(bytes, valueAt, end)) return -1
    value = bytes.toString('latin1', valueAt, end)
    at = end + 1
  }
  let pttlMs: number | undefined
  const pttlAt = skip(view, at, to, words.pttlMs)
  if (pttlAt !== nowhere) {
    const negative = bytes[pttlAt] === codes.minus
    at = digits(view, bytes, negative ? pttlAt + 1 : pttlAt, to)
    pttlMs = negative ? -found[0]! : found[0]!
  }
  if (!ends(bytes, at, to)) return -1
  const { list } = into.names
  into.addOther(shaped(t, into.processes.list[process]!, list[event]!, list[key]!, value, pttlMs), process)
  return at + 2
}

const words = {
  event: spelling('","type":"info","f":"key","event":"'),
  key: spelling('","key":"'),
  value: spelling(',"value":"'),
  pttlMs: spelling(',"pttlMs":'),
}

function shaped(
  t: number,
  process: string,
  event: string,
  key: string,
  value: string | undefined,
  pttlMs: number | undefined,
): KeyEvent {
  if (pttlMs === undefined)
    return value === undefined
      ? { t, process, type: 'info', f: 'key', event, key }
      : { t, process, type: 'info', f: 'key', event, key, value }
  return value === undefined
    ? { t, process, type: 'info', f: 'key', event, key, pttlMs }
    : { t, process, type: 'info', f: 'key', event, key, value, pttlMs }
}

/**
 * V8 keeps whole numbers below 2^31 in another form than all others. When an object of a shape first has another, as `t` after 2.1 s, those before it are
 * rewritten one by one where they are read next, at a microsecond each. So the first of each shape has a fraction.
 */
for (const value of [undefined, '']) for (const pttlMs of [undefined, 1]) shaped(0.5, '', '', '', value, pttlMs)
