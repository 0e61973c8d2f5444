import { closeSync, openSync, writeSync } from 'node:fs'
import { EnvironmentError } from '../lib/failure.ts'
import type { Event, KeyEvent, OperationEvent, RequestEvent } from './event.ts'

/** An event as its observer knows it; without `t` it happened now. What is undefined is left out. */
export type Observation<E extends Event = Event> = E extends Event
  ? { [K in keyof E as K extends 't' ? never : K]: undefined extends E[K] ? E[K] | undefined : E[K] } & { t?: number }
  : never

/** A turn that says more than this is written in several pieces: bounds the memory. */
const batchMaxEvents = 2_000

/**
 * Appends events to one history file. Events of one turn of the event loop are gathered as they are, and put into lines and written by
 * one synchronous write at its end: in order, and a `kill -9` loses at most one turn. To spell them at once would cost no more, but it
 * would stand between a reply and the next command of a lock that is measured; at the end of the turn the commands are on their way.
 * Until then an event must not change. After it is disposed of, it ignores what comes late.
 */
export class Recorder implements AsyncDisposable {
  readonly file: string
  readonly #now: () => number
  readonly #fd: number
  readonly #events: Observation[] = []
  /** ns, of the event of the same index. */
  readonly #times: number[] = []
  #bytes = Buffer.allocUnsafe(64 * 1024)
  #scheduled = false
  /** Nothing more is taken: it was disposed of, or the file system takes nothing. */
  #closed = false
  #disposed = false
  readonly #failed: ((error: EnvironmentError) => void) | undefined

  /**
   * @param now ns of the drill's clock, see lib/clock.ts
   * @param failed hears once that the file system takes nothing more; without it that is thrown, from a turn of its own
   */
  constructor(file: string, now: () => number, failed?: (error: EnvironmentError) => void) {
    this.file = file
    this.#now = now
    this.#failed = failed
    this.#fd = openSync(file, 'a')
  }

  record(event: Observation): void {
    if (this.#closed) return
    this.#events.push(event)
    this.#times.push(event.t ?? this.#now())
    if (this.#scheduled) {
      if (this.#events.length >= batchMaxEvents) this.flush()
      return
    }
    this.#scheduled = true
    // After what this moment still plans for the end of the turn: a lock that sends its commands of one turn together goes first.
    process.nextTick(setImmediate, this.#endOfTurn)
  }

  readonly #endOfTurn = () => {
    this.#scheduled = false
    this.flush()
  }

  /** Writes what is gathered. Throws EnvironmentError where the file system does not take it (a full disk) and nobody is there to hear it. */
  flush(): void {
    const count = this.#events.length
    if (count === 0 || this.#closed) return
    let batch = ''
    for (let index = 0; index < count; index++) batch += line(this.#events[index]!, this.#times[index]!)
    this.#events.length = 0
    this.#times.length = 0
    // Lines are ASCII, so a character is a byte.
    if (batch.length > this.#bytes.length) this.#bytes = Buffer.allocUnsafe(2 * batch.length)
    const bytes = this.#bytes.write(batch, 'latin1')
    try {
      for (let written = 0; written < bytes;) written += writeSync(this.#fd, this.#bytes, written, bytes - written)
    } catch (error) {
      const failure = new EnvironmentError(`the history cannot be written to ${this.file}: ${(error as Error).message}`)
      if (this.#failed === undefined) throw failure
      this.#closed = true
      this.#failed(failure)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return
    this.#disposed = true
    try {
      this.flush()
    } finally {
      this.#closed = true
      closeSync(this.#fd)
    }
  }
}

/** One line of the history. The events of every lock cycle are put together by hand: half the time of JSON.stringify. */
export function line(event: Observation, t: number): string {
  switch (event.f) {
    case 'acquire':
    case 'extend':
    case 'work':
    case 'release':
    case 'lost':
      return operationLine(event, t)
    case 'request':
      return requestLine(event, t)
    case 'key':
      return keyLine(event, t)
    default:
      return ascii(JSON.stringify({ ...event, t })) + '\n'
  }
}

function operationLine(event: Observation<OperationEvent>, t: number): string {
  let text = `${head(event, t)},"op":${event.op},"key":${quote(event.key)}`
  if (event.grant !== undefined) text += `,"grant":${event.grant}`
  if (event.token !== undefined) text += `,"token":${quote(event.token)}`
  if (event.fence !== undefined) text += `,"fence":${quote(event.fence)}`
  if (event.ttlMs !== undefined) text += `,"ttlMs":${event.ttlMs}`
  if (event.waitMs !== undefined) text += `,"waitMs":${event.waitMs}`
  // A lock's own number may be NaN, which is no JSON.
  if (event.validForMs !== undefined && Number.isFinite(event.validForMs)) text += `,"validForMs":${event.validForMs}`
  if (event.error !== undefined) text += `,"error":${quote(event.error)}`
  if (event.unsettled) text += ',"unsettled":true'
  if (event.lagNs !== undefined) text += `,"lagNs":${event.lagNs}`
  if (event.claimLagNs !== undefined) text += `,"claimLagNs":${event.claimLagNs}`
  return text + '}\n'
}

function keyLine(event: Observation<KeyEvent>, t: number): string {
  let text = `${head(event, t)},"event":${quote(event.event)},"key":${quote(event.key)}`
  if (event.value !== undefined) text += `,"value":${quote(event.value)}`
  if (event.pttlMs !== undefined) text += `,"pttlMs":${event.pttlMs}`
  if (event.lagNs !== undefined) text += `,"lagNs":${event.lagNs}`
  if (event.bookkeeping) text += ',"bookkeeping":true'
  if (event.error !== undefined) text += `,"error":${quote(event.error)}`
  return text + '}\n'
}

function requestLine(event: Observation<RequestEvent>, t: number): string {
  let text = `${head(event, t)},"op":${event.op},"key":${quote(event.key)},"requestId":${quote(event.requestId)}`
  if (event.acquire !== undefined) text += `,"acquire":${event.acquire}`
  text += `,"intendedNs":${integer(event.intendedNs)},"outcome":"${event.outcome}"`
  if (event.error !== undefined) text += `,"error":${quote(event.error)}`
  return text + '}\n'
}

const head = (event: Observation, t: number) =>
  `{"t":${integer(t)},"process":"${event.process}","type":"${event.type}","f":"${event.f}"`

const threeDigits = Array.from({ length: 1000 }, (_, number) => String(number).padStart(3, '0'))

/**
 * A time in ns as text. V8 spells integers beyond 31 bits as if they had a fraction, four times slower than what fits; every event has one.
 */
function integer(ns: number): string | number {
  const ms = Math.floor(ns / 1e6)
  if (ms < 1 || ms > 2 ** 30 || !Number.isInteger(ns)) return ns
  const rest = ns - ms * 1e6
  const us = Math.floor(rest / 1e3)
  return ms + threeDigits[us]! + threeDigits[rest - us * 1e3]!
}

/** What JSON escapes, and anything beyond ASCII, goes the slow way. */
const needsEscape = /[^ !#-[\]-~]/

const quote = (text: string) => (needsEscape.test(text) ? ascii(JSON.stringify(text)) : `"${text}"`)

/** Within JSON, other characters stand in strings only, where they may be written as escapes. */
const ascii = (json: string) =>
  json.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
