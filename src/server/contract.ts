import { inspect } from 'node:util'
import type { Grant } from '../locks/lock.ts'
import type { Counter } from './calls.ts'

/**
 * What a lock in process answers against its contract (locks/lock.ts). A flaw is told in the history, and the verdict is `unknown`: what
 * was measured of a lock whose answers mean nothing proves nothing.
 */
const told = new WeakSet<Counter>()

/** Once a server is enough. */
export function tellFlaw(counter: Counter, process: string, flaw: string): void {
  if (told.has(counter)) return
  told.add(counter)
  counter.record({ process, type: 'info', f: 'adapter', event: 'contract', error: flaw })
}

/** In words, what of a grant is not as the contract has it; `null` is absent, as on the wire. */
export function flawOfGrant({ token, validForMs, lost }: Grant): string | undefined {
  if (token !== undefined && token !== null && typeof token !== 'string')
    return `a grant's token is ${inspect(token)}, which is no string`
  if (validForMs !== undefined && validForMs !== null && !Number.isFinite(validForMs))
    return `a grant's validForMs is ${inspect(validForMs)}, which is no number of milliseconds`
  if (lost !== undefined && lost !== null && !isSignal(lost))
    return `a grant's lost is ${inspect(lost)}, which is no AbortSignal`
  return undefined
}

/** Of whatever realm or package. */
export const isSignal = (lost: Partial<AbortSignal> | undefined | null): lost is AbortSignal =>
  typeof lost?.addEventListener === 'function' && typeof lost.removeEventListener === 'function'
