import { UsageError } from '../lib/failure.ts'
import { checkTopology, describe } from './describe.ts'
import { kindOf } from './file.ts'
import type { Lock, LockEnv, OpenLock } from './lock.ts'

const openTimeoutMs = 60_000

/** Runs the lock's `open` and checks what it returned; whatever goes wrong there is the lock author's to mend. Throws UsageError. */
export async function openLock(lock: Lock, env: LockEnv): Promise<OpenLock> {
  checkTopology(describe(lock), env.topology)
  const wrong = (what: string, cause?: unknown) => new UsageError(`the lock ${lock.name}: ${what}`, { cause })

  const timeout = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => timeout.reject(wrong(`its open did not return within ${openTimeoutMs / 1000} s`)),
    openTimeoutMs,
  )
  let opened: unknown
  try {
    opened = await Promise.race([(async () => lock.open(env))(), timeout.promise])
  } catch (error) {
    if (error instanceof UsageError) throw error
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    throw wrong(`its open threw ${message.split('\n', 1)[0]}`, error)
  } finally {
    clearTimeout(timer)
  }

  if (typeof opened !== 'object' || opened === null)
    throw wrong(`its open must return { acquire, release }, not ${kindOf(opened)}`)
  const members = opened as Record<string, unknown>
  for (const name of ['acquire', 'release'])
    if (typeof members[name] !== 'function')
      throw wrong(`what its open returned needs \`${name}\`, a function, not ${kindOf(members[name])}`)
  for (const name of ['extend', 'counters', 'close'])
    if (!['function', 'undefined'].includes(typeof members[name]))
      throw wrong(`\`${name}\` of what its open returned must be a function, not ${kindOf(members[name])}`)
  return opened as OpenLock
}
