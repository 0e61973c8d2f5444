import { UsageError } from '../../lib/failure.ts'
import { suggest } from '../../lib/nearest.ts'
import type { LockEnv } from '../lock.ts'
import type { LocksOptions } from './locks.ts'

type Read = (given: unknown, name: string) => unknown

const number: Read = (given, name) => {
  const value = typeof given === 'string' && given.trim() !== '' ? Number(given) : given
  if (typeof value === 'number' && !Number.isNaN(value)) return value
  throw new UsageError(`lock option ${name} must be a number, not ${JSON.stringify(given)}`)
}
const flag: Read = (given, name) => {
  if (['true', 'false'].includes(String(given))) return String(given) === 'true'
  throw new UsageError(`lock option ${name} must be true or false, not ${JSON.stringify(given)}`)
}
const text: Read = String

const breakerOptions = {
  failureRate: number,
  windowTries: number,
  minimumTries: number,
  openForMs: number,
  probes: number,
}

const known: Record<string, Read> = {
  renew: flag,
  timeoutMs: number,
  waitReplicas: number,
  restartGuardMs: number,
  maxHoldMs: number,
  fallback: text,
  queueLength: number,
  queueMs: number,
  databaseUrl: text,
  databaseTimeoutMs: number,
  databaseConnections: number,
  breaker: flag,
  ...breakerOptions,
}

/** What `--lock-option name=value` says, which comes as text, for `createLocks`. Throws UsageError. */
export function harnessOptions(env: LockEnv): LocksOptions & { renew: boolean } {
  const read: Record<string, unknown> = {}
  for (const [name, given] of Object.entries(env.options)) {
    const reader = known[name]
    if (!reader) throw new UsageError(`the lock reference has no option ${name}: ${suggest(name, Object.keys(known))}`)
    read[name] = reader(given, name)
  }
  const rest = Object.fromEntries(Object.entries(read).filter(([name]) => !Object.hasOwn(breakerOptions, name)))
  const ofBreaker = Object.fromEntries(Object.entries(read).filter(([name]) => Object.hasOwn(breakerOptions, name)))
  const { renew = false, breaker, ...options } = rest
  return {
    ...(options as Omit<LocksOptions, 'redis'>),
    ...(breaker === true && { breaker: ofBreaker }),
    redis: Array.from({ length: env.size }, (_, node) => (settings) => env.connect(node, settings)),
    strategy: env.topology === 'redlock' ? 'quorum' : env.topology,
    renew: renew as boolean,
  }
}
