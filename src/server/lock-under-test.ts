import type { Observation } from '../history/recorder.ts'
import { describe } from '../locks/describe.ts'
import { lockEnv } from '../locks/env.ts'
import { loadLock, resolveLock } from '../locks/index.ts'
import type { OpenLock } from '../locks/lock.ts'
import { openLock } from '../locks/open.ts'
import { Deadline } from './deadline.ts'
import type { LockDescription, ServerConfiguration } from './messages.ts'

export interface LockUnderTest extends AsyncDisposable {
  description: LockDescription
  open: OpenLock
  /** Programs that share the server's fate. */
  pids: number[]
}

const closeTimeoutMs = 5_000

/** Loads and opens the lock that the plan names. Throws UsageError where that is the lock author's to mend. */
export async function openLockUnderTest(
  { plan, endpoints, server, cwd }: ServerConfiguration,
  _record: (event: Observation) => void,
): Promise<LockUnderTest> {
  const source = resolveLock(plan.lock.spec, cwd)
  if (source.kind === 'stdio') throw new Error('not yet')
  const lock = await loadLock(plan.lock.spec, cwd)
  const env = lockEnv({
    endpoints,
    topology: plan.topology.kind,
    server,
    options: plan.lock.options,
    // A server's output is its log.
    log: (text) => console.log(`${lock.name}: ${text}`),
  })
  try {
    const open = await openLock(lock, env)
    const description = describe(lock)
    return {
      description: { ...description, capabilities: { ...description.capabilities, extend: open.extend !== undefined } },
      open,
      pids: [],
      async [Symbol.asyncDispose]() {
        try {
          await new Deadline(closeTimeoutMs).within(() => open.close?.())
        } catch (error) {
          console.error(`${lock.name}: its close threw`, error)
        }
        env.disconnectAll()
      },
    }
  } catch (error) {
    env.disconnectAll()
    throw error
  }
}
