import type { Call } from '../call.ts'

/**
 * What a call means for a lock. MONITOR shows no replies. `outcome` says what the call itself shows: a script's own commands tell what it did. `unseen`:
 * only the key's story tells (key-lock.ts), as with a bare SET NX.
 */
export type Operation = Attempt | Release | Renewal

export type Outcome = 'done' | 'refused' | 'unseen'

interface Attempt {
  kind: 'attempt'
  key: string
  /** Who asks, in the lock's own way; a mark that all share where the lock has no tokens. */
  token: string
  /** Undefined: it would stay for ever. */
  ttlMs: number | undefined
  outcome: Outcome
}

/** `token`: undefined where the key is deleted without a look at whose it is. */
interface Release {
  kind: 'release'
  key: string
  token: string | undefined
  outcome: Outcome
}

/** `ttlMs`: undefined where it takes the time to live away. */
interface Renewal {
  kind: 'renewal'
  key: string
  token: string | undefined
  ttlMs: number | undefined
  outcome: Outcome
}

/** How sure it is that this is that lock: `certain` by the library's own script, `likely` by what was done, `possible` where others do so, too. */
export const surenesses = ['possible', 'likely', 'certain'] as const
export type Sureness = (typeof surenesses)[number]

export interface Sighting {
  sure: Sureness
  /** The end of a sentence that begins with "because". */
  because: string
  operations: readonly Operation[]
  /** Whether a release or a renewal alone shows that its key is a lock; else only a key that somebody has tried to take is one. */
  reveals?: boolean
}

/** How one kind of lock looks to MONITOR. One file each; what it does not know it leaves to the next of the registry. */
export interface Pattern {
  name: string
  /** What it is, for a person. */
  title: string
  /** How it is recognised, and what is known of it then. */
  docs: string
  read(call: Call): Sighting | undefined
}
