import type { Facts } from '../facts.ts'

/**
 * `high`: locks are lost, block for ever, or Redis is about to stop serving them. `medium`: a fault away from that. `low`: worth knowing.
 */
export type Severity = 'high' | 'medium' | 'low'

/** A check is a pure function from what was read of one node to what is wrong with it. */
export interface Check {
  name: string
  /** One line for the reference. */
  title: string
  /** When it finds what, and why that matters to a lock. */
  docs: string
  /** Empty where nothing is wrong, or where what it needs was not told. */
  look(facts: Facts, limits: Limits): Finding[]
}

export interface Limits {
  /** A lock that lives for longer blocks everybody for that long when its holder dies. */
  ttlMs: number
}

export interface Finding {
  severity: Severity
  /** One sentence: what is wrong. */
  message: string
  /** What was seen. */
  evidence: string[]
  /** What to do. */
  advice: string
}
