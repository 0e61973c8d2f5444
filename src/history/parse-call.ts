import { kindOf, type EventTable } from './event-table.ts'
import { codes, decimal, digits, ends, found, head, nowhere, quoteAfter, skip, spelling, viewOf } from './bytes.ts'
import { isPlain } from './names.ts'

/**
 * Reads the lines of which a history has most: calls of a lock, in the recorder's own spelling (recorder.ts). It takes one out of the bytes where it
 * stands into the columns of a table, in an eighth of the time that decoding and JSON.parse take, and with next to no garbage. Returns where the next line
 * begins; -1 for every other line and spelling, which parse.ts reads: what is taken here is what that would return.
 */
export function parseCall(bytes: Buffer, from: number, to: number, into: EventTable): number {
  const view = viewOf(bytes)
  let at = head(view, bytes, from, to, into.processes)
  if (at === nowhere) return -1
  const [t, process] = [found[0]!, found[1]!]
  const kind = kindAt(bytes, ++at)
  at = digits(view, bytes, skip(view, at, to, kinds[kind]!), to)
  const op = found[0]!
  const keyAt = (at = skip(view, at, to, words.key))
  at = quoteAfter(bytes, at, to)
  const key = into.keys.numberOfText(view, bytes, keyAt, at++)
  if (key < 0) return -1

  switch (bytes[at + 4]) {
    case third.grant: {
      at = digits(view, bytes, skip(view, at, to, words.grant), to)
      if (!ends(bytes, at, to)) return -1
      into.addCall(t, process, kind, op, key, found[0]!)
      return at + 2
    }
    case third.ttlMs: {
      at = digits(view, bytes, skip(view, at, to, words.ttlMs), to)
      const ttlMs = found[0]!
      at = digits(view, bytes, skip(view, at, to, words.waitMs), to)
      if (!ends(bytes, at, to)) return -1
      into.setAsked(into.addCall(t, process, kind, op, key, -1), ttlMs, found[0]!)
      return at + 2
    }
    case third.token: {
      const tokenAt = skip(view, at, to, words.token)
      const tokenEnd = quoteAfter(bytes, tokenAt, to)
      if (tokenEnd === nowhere || !isPlain(bytes, tokenAt, tokenEnd)) return -1
      at = tokenEnd + 1
      let [fence, validForMs] = [NaN, NaN]
      const fenceAt = skip(view, at, to, words.fence)
      if (fenceAt !== nowhere) {
        at = digits(view, bytes, fenceAt, to)
        fence = found[0]!
        if (bytes[at++] !== codes.quote) return -1
      }
      const validAt = skip(view, at, to, words.validForMs)
      if (validAt !== nowhere) {
        at = decimal(view, bytes, validAt, to)
        validForMs = found[0]!
      }
      if (!ends(bytes, at, to)) return -1
      into.setGranted(into.addCall(t, process, kind, op, key, -1), bytes, tokenAt, tokenEnd, fence, validForMs)
      return at + 2
    }
    case third.error: {
      at = skip(view, at, to, words.contended)
      if (!ends(bytes, at, to)) return -1
      into.setContended(into.addCall(t, process, kind, op, key, -1))
      return at + 2
    }
    default:
      return -1
  }
}

const words = {
  key: spelling(',"key":"'),
  grant: spelling(',"grant":'),
  token: spelling(',"token":"'),
  fence: spelling(',"fence":"'),
  ttlMs: spelling(',"ttlMs":'),
  waitMs: spelling(',"waitMs":'),
  validForMs: spelling(',"validForMs":'),
  contended: spelling(',"error":"contended"'),
}
/** By their third letter they are told apart. */
const third = { grant: 97, ttlMs: 108, token: 107, error: 114 }

/** By kind (event-table.ts), with what stands before and behind it; what is of no kind stands nowhere. */
const kinds = [spelling('\n\n\n\n')]
/** Kinds by the letters that tell them apart. */
const kindsBy = new Map<number, number>()
for (const type of ['invoke', 'ok', 'fail', 'info'] as const)
  for (const f of ['acquire', 'release', 'work', 'extend', 'lost'] as const) {
    const text = `,"type":"${type}","f":"${f}","op":`
    kinds[kindOf(f, type)] = spelling(text)
    kindsBy.set(lettersAt(Buffer.from(text), 0), kindOf(f, type))
  }

/** Of the type the first letter and the third, of the call the first. */
function lettersAt(bytes: Buffer, at: number): number {
  const typeAt = at + 9
  const [first, third] = [bytes[typeAt]!, bytes[typeAt + 2]!]
  const typeLength = first === codes.o ? 2 : third === codes.v ? 6 : 4
  return (first << 16) | (third << 8) | bytes[typeAt + typeLength + 7]!
}

/** The only kind that can stand here. */
const kindAt = (bytes: Buffer, at: number): number => kindsBy.get(lettersAt(bytes, at)) ?? 0
