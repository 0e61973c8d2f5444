import type { Call } from './calls.ts'
import type { Hold } from './holds.ts'
import { readLagNs } from '../history/lag.ts'
import { listed } from '../lib/nearest.ts'
import { seconds } from './words.ts'

/** What happened to a node, or to a key on it, on which a finding rests. */
export interface Cause {
  node: string
  atMs: number
  /** `server-1's key deleted` */
  what: string
  /** Whose call was under way then, where only one can have done it: a node's events do not name the sender. */
  call?: { process: string; f: string; op: number; grant: number } | undefined
}

/** @param calls those that may have done it: one is named, of several none */
export function causeOf(node: string, t: number, what: string, calls: readonly Call[] = []): Cause {
  const cause = { node, atMs: t / 1e6, what }
  if (calls.length !== 1) return cause
  const { process, f, op, grant } = calls[0]!
  return { ...cause, call: { process, f, op, grant } }
}

/** The key of a holder went, and was read to be gone only after the next one had been granted it. */
export interface Late {
  node: string
  t: number
  victim: Hold
  next: Hold
}

/** What is read so much later than the grant that it made possible says nothing of whose call was under way. */
export const isReadLate = (t: number, nextGrantNs: number): boolean => t > nextGrantNs + readLagNs

/** About one or more nodes, all of the same two holds. */
export function toldLate(all: readonly [Late, ...Late[]]): string {
  const [{ victim, next }] = all
  const read = listed(all.map(({ node, t }) => `from ${node} at ${seconds(t)}`))
  return `${victim.server}'s key was seen to be gone ${read}, and that was told late, after ${next.server} had been granted it: whose call took it is not known`
}
