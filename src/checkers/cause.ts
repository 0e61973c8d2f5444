import type { Call } from './calls.ts'
import type { Hold } from './holds.ts'
import { listed } from '../lib/nearest.ts'
import { seconds } from './words.ts'

/** An event of a node on which a finding rests. */
export interface Cause {
  node: string
  atMs: number
  /** `server-1's key deleted` */
  what: string
  /** Whose call was under way then, where only one can have done it: a node's events do not name the sender. */
  call?: { process: string; f: string; op: number; grant: number } | undefined
}

export const causeOf = (node: string, t: number, what: string, call: Call | undefined): Cause => ({
  node,
  atMs: t / 1e6,
  what,
  ...(call && { call: { process: call.process, f: call.f, op: call.op, grant: call.grant } }),
})

/** The key of a holder went, and was read to be gone only after the next one had been granted it. */
export interface Late {
  node: string
  t: number
  victim: Hold
  next: Hold
}

/** An event that is read this much later than the grant that it made possible says nothing of whose call was under way. */
const lateNs = 20e6

export const isReadLate = (t: number, next: Pick<Hold, 'startNs'>): boolean => t > next.startNs + lateNs

/** About one or more nodes, all of the same two holds. */
export function toldLate(all: readonly [Late, ...Late[]]): string {
  const [{ victim, next }] = all
  const nodes = listed(all.map(({ node }) => node))
  const times = listed(all.map(({ t }) => seconds(t)))
  return `${victim.server}'s key was taken from ${nodes} before ${next.server} had it; that was read late, at ${times}, so that nobody knows whose call it was`
}
