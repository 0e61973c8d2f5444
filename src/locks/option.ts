import { UsageError } from '../lib/failure.ts'
import type { LockEnv } from './lock.ts'

/** A lock option that is a positive number; from the command line (`--lock-option timeoutMs=200`) it comes as text. */
export function numberOption(env: LockEnv, name: string, otherwise: number): number {
  const given = env.options[name]
  if (given === undefined) return otherwise
  const number = typeof given === 'string' && given.trim() !== '' ? Number(given) : given
  if (typeof number !== 'number' || !(number > 0)) {
    throw new UsageError(`lock option ${name} must be a positive number, not ${JSON.stringify(given)}`)
  }
  return number
}
