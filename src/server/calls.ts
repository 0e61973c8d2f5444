import { inspect } from 'node:util'
import type { OperationEvent } from '../history/event.ts'
import type { Observation } from '../history/recorder.ts'
import type { Grant, OpenLock } from '../locks/lock.ts'
import type { Timed } from '../locks/timed.ts'
import { tellFlaw } from './contract.ts'
import { overdue, type Deadline } from './deadline.ts'
import type { Tally } from './tally.ts'
import type { Turns } from './turns.ts'

/** What a call on the lock needs to know of its server. */
export interface Counter {
  lock: OpenLock
  ttlMs: number
  waitMs: number
  /** ns on CLOCK_MONOTONIC at which the drill began. */
  startNs: bigint
  record: (event: Observation) => void
  nextOp: () => number
  tally: Tally
  turns: Pick<Turns, 'lagNs'>
  /** Of `acquire`: `waitMs` and answerTimeoutMs. */
  acquireDeadline: Deadline
  /** Of all other calls. */
  deadline: Deadline
}

/** A grant as the history knows it. */
export interface Held {
  /** The op of its acquire. */
  op: number
  key: string
  grant: Grant
  fence: string | undefined
}

export type Acquired =
  | { outcome: 'granted'; op: number; held: Held }
  | { outcome: 'contended' | 'unavailable' | 'indeterminate'; op: number; message: string }

/** Every call gets its answer within this time beside `waitMs`, or counts as unsettled. */
export const answerTimeoutMs = 10_000

/** One `acquire`, recorded. Never rejects. */
export async function acquire(counter: Counter, process: string, key: string): Promise<Acquired> {
  const { lock, ttlMs, waitMs, tally } = counter
  const op = counter.nextOp()
  counter.record({ process, type: 'invoke', f: 'acquire', op, key, ttlMs, waitMs })
  tally.ask(key)
  const cancel = new AbortController()
  try {
    const grant = await counter.acquireDeadline.within(
      () => lock.acquire(key, { ttlMs, waitMs, signal: cancel.signal }),
      (late) => void letGoLate(counter, process, key, op, late),
    )
    if (grant === overdue) {
      cancel.abort(new Error(noAnswer('acquire')))
      counter.record({ process, type: 'info', f: 'acquire', op, key, error: noAnswer('acquire'), unsettled: true })
      return { outcome: 'indeterminate', op, message: noAnswer('acquire') }
    }
    if (grant === null) {
      tally.add('contended')
      counter.record({ process, type: 'fail', f: 'acquire', op, key, error: 'contended' })
      return { outcome: 'contended', op, message: `${key} was held by others for ${waitMs} ms` }
    }
    if (typeof grant !== 'object') {
      const message = `acquire resolved to ${inspect(grant)}, which is neither a grant (an object) nor null`
      tellFlaw(counter, process, message)
      counter.record({ process, type: 'info', f: 'acquire', op, key, error: message })
      return { outcome: 'indeterminate', op, message }
    }
    const held: Held = { op, key, grant, fence: fenceOf(grant) }
    const token = grant.token === undefined ? undefined : String(grant.token)
    const { fence } = held
    const { validForMs } = grant
    counter.record(stamped(counter, { process, type: 'ok', f: 'acquire', op, key, token, fence, validForMs }, grant))
    tally.hold(key)
    tally.add('acquired')
    return { outcome: 'granted', op, held }
  } catch (error) {
    const failure = classify(error)
    counter.record({ process, f: 'acquire', op, key, ...failure })
    return { outcome: failure.type === 'fail' ? 'unavailable' : 'indeterminate', op, message: failure.error }
  }
}

/** One `extend`, recorded: what it said, and for how long the grant is now valid. Never rejects. */
export async function extend(
  counter: Counter,
  process: string,
  held: Held,
): Promise<{ answer: 'extended'; validForMs: number } | { answer: 'lost' | 'unknown' }> {
  const { lock, ttlMs, tally } = counter
  const op = counter.nextOp()
  const base = { process, f: 'extend', op, key: held.key, grant: held.op } as const
  counter.record({ ...base, type: 'invoke', ttlMs })
  tally.add('extending')
  try {
    const answer = await counter.deadline.within(() => lock.extend!(held.grant, ttlMs))
    if (answer === overdue) {
      counter.record({ ...base, type: 'info', error: noAnswer('extend'), unsettled: true })
      return { answer: 'unknown' }
    }
    if (answer === false) {
      counter.record({ ...base, type: 'fail', error: 'lost' })
      return { answer: 'lost' }
    }
    if (answer === undefined || answer === null) {
      const message = `extend resolved to ${String(answer)}, which is neither true, false nor an object`
      tellFlaw(counter, process, message)
      counter.record({ ...base, type: 'info', error: message })
      return { answer: 'unknown' }
    }
    const validForMs = typeof answer === 'object' ? answer.validForMs : undefined
    counter.record(stamped(counter, { ...base, type: 'ok', validForMs }, answer))
    return { answer: 'extended', validForMs: validForMs ?? ttlMs }
  } catch (error) {
    counter.record({ ...base, ...classify(error) })
    return { answer: 'unknown' }
  }
}

/** One `release`, recorded. The grant is over whatever it answers, and nobody tries again. Never rejects. */
export async function release(counter: Counter, process: string, held: Held): Promise<void> {
  const { key, op: grant } = held
  const op = counter.nextOp()
  counter.record({ process, type: 'invoke', f: 'release', op, key, grant })
  counter.tally.letGo(key)
  counter.tally.add('releasing')
  try {
    const answer = await counter.deadline.within(() => counter.lock.release(held.grant))
    if (answer === overdue)
      counter.record({
        process,
        type: 'info',
        f: 'release',
        op,
        key,
        grant,
        error: noAnswer('release'),
        unsettled: true,
      })
    else if (answer === false)
      counter.record({ process, type: 'fail', f: 'release', op, key, grant, error: 'not held' })
    else counter.record({ process, type: 'ok', f: 'release', op, key, grant })
  } catch (error) {
    counter.record({ process, f: 'release', op, key, grant, ...classify(error) })
  }
}

/** Nobody works under a grant that came after its deadline; it is given back, so that it stands in nobody's way. */
async function letGoLate(
  counter: Counter,
  process: string,
  key: string,
  op: number,
  grant: Grant | null,
): Promise<void> {
  if (typeof grant !== 'object' || grant === null) return
  counter.tally.hold(key)
  await release(counter, process, { op, key, grant, fence: undefined })
}

/** `definite: true` on an error proves that nothing was applied; any other leaves open what happened. */
function classify(error: unknown): { type: 'fail' | 'info'; error: string; unsettled?: true } {
  const text = error instanceof Error ? error.message || error.name : String(error)
  const { definite, unsettled } = Object(error) as { definite?: unknown; unsettled?: unknown }
  if (definite === true) return { type: 'fail', error: `unavailable: ${text}` }
  // A program behind `stdio:` has deadlines of its own.
  return { type: 'info', error: text, ...(unsettled === true && { unsettled }) }
}

/**
 * The event at the time that the lock itself took, where it did. A `validForMs` was reckoned by the lock, and counts from our clock: what may lie between the
 * two goes with it.
 */
export function stamped(
  { startNs, turns }: Counter,
  event: Observation<OperationEvent>,
  source: unknown,
): Observation<OperationEvent> {
  if (typeof source !== 'object' || source === null) return event
  const { at, lagNs } = source as Timed
  if (typeof at === 'bigint') event.t = Number(at - startNs)
  else if (typeof lagNs === 'number') event.lagNs = lagNs
  else if (typeof event.validForMs === 'number') event.claimLagNs = turns.lagNs()
  return event
}

function fenceOf({ fence }: Grant): string | undefined {
  return fence === undefined || fence === null ? undefined : String(fence)
}

const noAnswer = (call: string) => `${call} did not answer by its deadline`
