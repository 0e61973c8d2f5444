import { grown, type Column } from '../lib/grown.ts'
import type { Event, OperationEvent } from './event.ts'
import { GrantColumns } from './grant-columns.ts'
import { Names } from './names.ts'

/**
 * A history in the order of time: an array of events, or the table of a long one. Whoever goes through all of it takes columns (`tableOf`), whoever looks at
 * few of its events may have them as objects.
 */
export interface Events extends Iterable<Event> {
  readonly length: number
  /** As of an array: -1 is the last. */
  at(index: number): Event | undefined
}

type CallName = OperationEvent['f']
const calls: readonly CallName[] = ['acquire', 'extend', 'work', 'release', 'lost']
const types: readonly Event['type'][] = ['invoke', 'ok', 'fail', 'info']

/** In the column `kind`: what is no operation. */
export const noCall = 0
/** In the column `kind`: the number of an operation's event; four types each. A type that nobody knows tells as much as `info`. */
export const kindOf = (f: CallName, type: Event['type']): number =>
  1 + (calls.indexOf(f) << 2) + (types.indexOf(type) & 3)
/** Undefined of what is no operation. */
export const callOf = (kind: number): CallName | undefined => (kind === noCall ? undefined : calls[(kind - 1) >> 2])
const typeOf = (kind: number): Event['type'] => types[(kind - 1) & 3]!

/** What an operation's event says beside its columns. */
export type Rest = Omit<OperationEvent, 't' | 'process' | 'type' | 'f' | 'op' | 'key' | 'grant'>

const nothing: Rest = {}
const roomAtFirst = 64
const none = -1

/**
 * Events as columns: forty bytes each, of which the garbage collector knows nothing. Four million objects would be a gigabyte, and half of the time that
 * judging takes. What is no operation is kept as the object that it is.
 */
export class EventTable implements Events {
  length = 0
  /** ns */
  t = new Float64Array(roomAtFirst)
  /** `kindOf` an operation, or `noCall`. */
  kind = new Uint8Array(roomAtFirst)
  /** Of operations. */
  op = new Float64Array(roomAtFirst)
  /** Of operations; -1 where there is none. */
  grant = new Float64Array(roomAtFirst)
  /** An index into `processes.list`. */
  process = new Int32Array(roomAtFirst)
  /** Of operations, an index into `keys.list`. */
  key = new Int32Array(roomAtFirst)
  readonly processes = new Names()
  readonly keys = new Names()
  /** What nodes call their keys, and what became of these. */
  readonly names = new Names()
  /** An index into `#objects`; below `none`, one into `#grants`, counted downwards. */
  #more = new Int32Array(roomAtFirst)
  /** What is no operation; of operations the rest, or the event itself. */
  readonly #objects: (Event | Rest)[] = []
  readonly #grants = new GrantColumns()
  #asked: { ttlMs: number; waitMs: number; index: number } | undefined
  #contended: number | undefined
  #isSorted = true

  add(event: Event): void {
    if (isOperation(event)) {
      const { t, process, type, f, op, key, grant = none } = event
      const at = this.addCall(t, this.processes.numberOf(process), kindOf(f, type), op, this.keys.numberOf(key), grant)
      this.#more[at] = this.#objects.push(event) - 1
    } else this.addOther(event, this.processes.numberOf(event.process))
  }

  /** What is no operation; the process as a number of its name. */
  addOther(event: Event, process: number): void {
    const at = this.addCall(event.t, process, noCall, none, none, none)
    this.#more[at] = this.#objects.push(event) - 1
  }

  /** Its index. The process and the key are numbers of names. */
  addCall(t: number, process: number, kind: number, op: number, key: number, grant: number): number {
    if (this.length === this.t.length) this.#replaceAll(grown)
    const at = this.length++
    if (at > 0 && t < this.t[at - 1]!) this.#isSorted = false
    this.t[at] = t
    this.kind[at] = kind
    this.op[at] = op
    this.grant[at] = grant
    this.process[at] = process
    this.key[at] = key
    this.#more[at] = none
    return at
  }

  /** The same that most acquires ask for is kept once. */
  setAsked(at: number, ttlMs: number, waitMs: number): void {
    if (this.#asked?.ttlMs !== ttlMs || this.#asked.waitMs !== waitMs)
      this.#asked = { ttlMs, waitMs, index: this.#objects.push({ ttlMs, waitMs }) - 1 }
    this.#more[at] = this.#asked.index
  }

  /** Most refusals. */
  setContended(at: number): void {
    this.#more[at] = this.#contended ??= this.#objects.push({ error: 'contended' }) - 1
  }

  /** A token as bytes, a fence and a validity; NaN where there is none. */
  setGranted(at: number, bytes: Uint8Array, from: number, to: number, fence: number, validForMs: number): void {
    this.#more[at] = none - 1 - this.#grants.add(bytes, from, to, fence, validForMs)
  }

  /** Of an operation. */
  rest(at: number): Rest {
    const more = this.#more[at]!
    if (more >= 0) return this.#objects[more] as Rest
    return more === none ? nothing : this.#grants.rest(none - 1 - more)
  }

  /** `rest(at).fence`, without an object for it; a number where it is one that a double holds. */
  fence(at: number): string | number | undefined {
    const more = this.#more[at]!
    return more < none ? this.#grants.fence(none - 1 - more) : this.rest(at).fence
  }

  /** `rest(at).validForMs`, without an object for it. */
  validForMs(at: number): number | undefined {
    const more = this.#more[at]!
    return more < none ? this.#grants.validForMs(none - 1 - more) : this.rest(at).validForMs
  }

  /** `rest(at)` without what most grants say (token, fence, validity), so that no object is made. */
  uncommon(at: number): Omit<Rest, 'token' | 'fence' | 'validForMs'> {
    return this.#more[at]! < none ? nothing : this.rest(at)
  }

  /** What is no operation, in order. */
  *others(): Generator<Exclude<Event, OperationEvent>> {
    for (let at = 0; at < this.length; at++) if (this.kind[at] === noCall) yield this.other(at)
  }

  /** Of what is no operation. */
  other(at: number): Exclude<Event, OperationEvent> {
    return this.#objects[this.#more[at]!] as Exclude<Event, OperationEvent>
  }

  at(index: number): Event | undefined {
    const at = index < 0 ? index + this.length : index
    if (!(at >= 0 && at < this.length)) return undefined
    return this.kind[at] === noCall ? this.other(at) : this.operation(at)
  }

  operation(at: number): OperationEvent {
    const kind = this.kind[at]!
    const [t, op, grant] = [this.t[at]!, this.op[at]!, this.grant[at]!]
    const process = this.processes.list[this.process[at]!]!
    const key = this.keys.list[this.key[at]!]!
    const [type, f] = [typeOf(kind), callOf(kind)!]
    if (grant === none) return { t, process, type, f, op, key, ...this.rest(at) }
    return { t, process, type, f, op, key, grant, ...this.rest(at) }
  }

  *[Symbol.iterator](): Generator<Event> {
    for (let at = 0; at < this.length; at++) yield this.at(at)!
  }

  /** In the order of time; what is of one moment keeps its order. Where it is so already, that costs nothing. */
  sort(): void {
    if (this.#isSorted) return
    const { t } = this
    const order = Int32Array.from({ length: this.length }, (_, at) => at).sort((a, b) => t[a]! - t[b]! || a - b)
    const sorted = <C extends Column>(column: C): C => {
      const moved = column.slice() as C
      for (let at = 0; at < order.length; at++) moved[at] = column[order[at]!]!
      return moved
    }
    this.#replaceAll(sorted)
    this.#isSorted = true
  }

  #replaceAll(by: <C extends Column>(column: C) => C): void {
    this.t = by(this.t)
    this.kind = by(this.kind)
    this.op = by(this.op)
    this.grant = by(this.grant)
    this.process = by(this.process)
    this.key = by(this.key)
    this.#more = by(this.#more)
  }
}

const isOperation = (event: Event): event is OperationEvent => (calls as readonly string[]).includes(event.f)

const cache = new WeakMap<Events, EventTable>()

/** The history as columns; of an array they are made once. */
export function tableOf(events: Events): EventTable {
  if (events instanceof EventTable) return events
  let table = cache.get(events)
  if (table === undefined) {
    cache.set(events, (table = new EventTable()))
    for (const event of events) table.add(event)
  }
  return table
}
