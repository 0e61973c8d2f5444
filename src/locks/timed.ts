import type { Grant } from './lock.ts'

/**
 * What a lock behind a pipe knows better than the server that reads it: when a result was known. A server that finds `at` on a grant,
 * on an extension or on the reason of a `lost` signal counts belief and `validForMs` from there, and not from its own clock.
 */
export interface Timed {
  /** CLOCK_MONOTONIC, ns (process.hrtime.bigint() of the same host). */
  at?: bigint
  /** Without `at`: by how much the reading of the answer may be too late, ns. */
  lagNs?: number
}

export type TimedGrant = Grant & Timed

/** The reason with which a `lost` signal of a stdio grant fires. */
export class LostError extends Error implements Timed {
  override name = 'LostError'
  declare at?: bigint
  declare lagNs?: number

  constructor(message: string, timed: Timed) {
    super(message)
    Object.assign(this, timed)
  }
}

/** A call that came to no good. Without `definite` nobody knows whether it was applied. */
export class CallError extends Error {
  override name = 'CallError'
  /** Nothing was applied. */
  declare definite?: true
  /** The deadline passed without an answer. Not set for calls that a violation or the program's end left open. */
  declare unsettled?: true

  constructor(message: string, kind: { definite?: true; unsettled?: true } = {}) {
    super(message)
    Object.assign(this, kind)
  }
}
