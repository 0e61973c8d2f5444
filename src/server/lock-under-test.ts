import { dirname, join } from 'node:path'
import type { AdapterEvent } from '../history/event.ts'
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
  lock: OpenLock
  /** Programs that share the server's fate. */
  pids: number[]
  /** A fault is on this server: what its programs' pipes take meanwhile is no lag of theirs. */
  leaveOutPings(on: boolean): void
}

const closeTimeoutMs = 5_000

/**
 * Loads and opens the lock that the plan names. Throws UsageError where that is the lock author's to mend, EnvironmentError where a
 * program does not come up.
 */
export async function openLockUnderTest(
  configuration: ServerConfiguration,
  record: (event: Observation) => void,
): Promise<LockUnderTest> {
  const source = resolveLock(configuration.plan.lock.spec, configuration.cwd)
  return source.kind === 'stdio' ? openProgram(configuration, source.command, record) : openModule(configuration)
}

async function openModule({ plan, endpoints, server, cwd }: ServerConfiguration): Promise<LockUnderTest> {
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
      lock: open,
      pids: [],
      leaveOutPings() {},
      async [Symbol.asyncDispose]() {
        await closeQuietly(open, closeTimeoutMs)
        env.disconnectAll()
      },
    }
  } catch (error) {
    env.disconnectAll()
    throw error
  }
}

async function openProgram(
  { plan, endpoints, server, cwd, historyFile, logFolder }: ServerConfiguration,
  command: readonly [string, ...string[]],
  record: (event: Observation) => void,
): Promise<LockUnderTest> {
  // Loaded only for a program: a server starts in a blink.
  const { openStdio } = await import('../locks/stdio.ts')
  const tell = (event: AdapterEvent['event'], error: string) =>
    record({ process: server, type: 'info', f: 'adapter', event, error })
  const program = await openStdio({
    command,
    cwd,
    logFile: join(logFolder ?? dirname(historyFile), `${server}-program.log`),
    topology: plan.topology.kind,
    server,
    endpoints,
    options: plan.lock.options,
    ttlMs: plan.lock.ttlMs,
    waitMs: plan.lock.waitMs,
    onViolation: ({ reason, line }) => tell('violation', line === '' ? reason : `${reason}: ${line}`),
    onExit: ({ how }) => tell('exit', how),
    onLog: (text) => console.log(`program: ${text}`),
  })
  return {
    description: program.description,
    lock: program.lock,
    pids: program.pids(),
    leaveOutPings: (on) => program.leaveOutPings(on),
    async [Symbol.asyncDispose]() {
      tell('lag', `a line may be read ${(program.lagNs() / 1e6).toFixed(1)} ms late`)
      // It bounds itself: 5 s, SIGTERM, 2 s, SIGKILL.
      await closeQuietly(program.lock, 2 * closeTimeoutMs)
    },
  }
}

/** What happens to a lock while it closes is in the log and changes no verdict. */
async function closeQuietly(lock: OpenLock, timeoutMs: number): Promise<void> {
  try {
    await new Deadline(timeoutMs).within(() => lock.close?.())
  } catch (error) {
    console.error('the lock did not close:', error)
  }
}
