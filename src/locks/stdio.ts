import { EnvironmentError, UsageError } from '../lib/failure.ts'
import type { LockDescription } from '../server/messages.ts'
import { checkTopology, describe } from './describe.ts'
import type { Endpoints, Grant, OpenLock, TopologyKind } from './lock.ts'
import { type Answered, Conversation, Refusal } from './stdio/conversation.ts'
import { pipeLag } from './stdio/lag.ts'
import { pinging } from './stdio/pings.ts'
import { Program } from './stdio/program.ts'
import { type Answer, protocolVersion } from './stdio/protocol.ts'
import { CallError, LostError, type Timed, type TimedGrant } from './timed.ts'

const deadlineMs = { hello: 120_000, open: 60_000, other: 10_000, close: 5_000 }
/** The server counts the deadlines of acquire, extend and release itself; ours come after its, so that nothing is kept for ever. */
const afterServerMs = 500
const callMs = deadlineMs.other + afterServerMs

export interface StdioOptions {
  command: readonly [string, ...string[]]
  /** The caller's directory. */
  cwd: string
  /** For its stderr. */
  logFile: string
  topology: TopologyKind
  server: string
  endpoints: Endpoints
  options: Readonly<Record<string, unknown>>
  /** The scenario's. */
  ttlMs: number
  waitMs: number
  /** The program broke the protocol: the drill ends as unknown. `line` is the line, shortened. Once at most. */
  onViolation(told: { reason: string; line: string }): void
  /** It exited unasked, `exit code 7` or a signal's name: the drill ends as unknown. Once at most. */
  onExit(told: { how: string }): void
  /** Its `log` events, its stderr (up to 4 MiB), and what we have to say about it. */
  onLog(text: string): void
}

/** A lock behind `stdio:`, open. Grants are TimedGrant, failures CallError, the reason of `lost` LostError (timed.ts). */
export interface StdioLock {
  description: LockDescription
  lock: Omit<OpenLock, 'close'> & { close(): Promise<void> }
  /** Leaders of process groups (`kill(-pid)`): what must share the fate of this server. */
  pids(): number[]
  /** How late its lines may be read when they carry no `at`, ns. */
  lagNs(): number
  /** While a fault is on this server its pings say nothing about the pipe. */
  leaveOutPings(on: boolean): void
}

/**
 * Starts the program and opens its lock. Throws EnvironmentError where it cannot start, refuses, exits or does not answer, and
 * UsageError where it does not serve the topology; the program is gone then.
 */
export async function openStdio(given: StdioOptions): Promise<StdioLock> {
  const grants = new Map<string | number, Set<LiveGrant>>()
  let closing = false
  let violation: { line: string } | undefined
  const conversation = new Conversation({
    violation(told) {
      violation = told
      given.onViolation(told)
    },
    event(event) {
      if (event.event === 'log') return given.onLog(event.message)
      const timed: Timed = event.at === undefined ? { lagNs: lag.ns() } : { at: event.at }
      for (const live of grants.get(event.grant) ?? []) live.lose(new LostError(event.reason, timed))
    },
  })
  const lag = pipeLag()
  const program = await Program.start(given.command, given, {
    line: (line, readNs) => conversation.hear(line, readNs),
    tooLong: (beginning) => conversation.violate('a line longer than 1 MiB', beginning),
    cut: (rest) => conversation.violate('a line cut short at the end', rest),
    exit(how) {
      conversation.end(`the program ended (${how})`)
      if (!closing) given.onExit({ how })
      else if (how !== 'exit code 0') given.onLog(`the program closed and ended with ${how}`)
    },
    stderr: (text) => given.onLog(text),
  })
  conversation.attach(program)

  let description: LockDescription
  try {
    description = await introduce(conversation, given)
  } catch (error) {
    closing = true
    conversation.end('the lock was not opened')
    // After a refusal it exits by itself, with code 3.
    await program.stop(error instanceof Refusal ? deadlineMs.close : 0)
    throw startFailure(error, given.command, violation?.line)
  }

  const pings = pinging(conversation, lag)
  await pings.first

  return {
    description,
    lock: {
      acquire: (key, { ttlMs, waitMs, signal }) => acquire(key, ttlMs, waitMs, signal),
      release: (grant) => release(grant as LiveGrant),
      ...(description.capabilities.extend === true
        ? { extend: (grant: Grant, ttlMs: number) => extend(grant as LiveGrant, ttlMs) }
        : {}),
      close,
    },
    pids: () => [program.pid],
    lagNs: () => lag.ns(),
    leaveOutPings: (on) => pings.leaveOut(on),
  }

  async function acquire(key: string, ttlMs: number, waitMs: number, signal: AbortSignal): Promise<TimedGrant | null> {
    const { id, outcome } = conversation.ask(
      'acquire',
      { key, ttlMs, waitMs },
      {
        deadlineMs: waitMs + deadlineMs.other + afterServerMs,
        read({ answer }) {
          if (answer.result === 'granted') return live(answer)
          if (answer.result === 'contended') return null
          throw failure(answer)
        },
        // Nobody believes in this grant any more; the program must not keep it (and renew it).
        late: (answer) => answer.result === 'granted' && giveBack(answer.grant),
      },
    )
    const cancel = () => conversation.tell('cancel', { target: id })
    if (signal.aborted) cancel()
    signal.addEventListener('abort', cancel, { once: true })
    try {
      return await outcome
    } finally {
      signal.removeEventListener('abort', cancel)
    }
  }

  function extend(grant: LiveGrant, ttlMs: number): Promise<false | ({ validForMs?: number } & Timed)> {
    const read = ({ answer }: Answered<'extend'>) => {
      switch (answer.result) {
        case 'extended':
          return { ...(answer.validForMs === undefined ? {} : { validForMs: answer.validForMs }), ...timing(answer) }
        case 'lost':
          grant.lose(new LostError('extend was answered with lost', timing(answer)))
          return false
        default:
          throw failure(answer)
      }
    }
    return conversation.ask('extend', { grant: grant.wire, ttlMs }, { deadlineMs: callMs, read }).outcome
  }

  async function release(grant: LiveGrant): Promise<boolean> {
    const read = ({ answer }: Answered<'release'>) => {
      if (answer.result === 'released' || answer.result === 'not_held') return answer.result === 'released'
      throw failure(answer)
    }
    try {
      return await conversation.ask('release', { grant: grant.wire }, { deadlineMs: callMs, read }).outcome
    } finally {
      const sameName = grants.get(grant.wire)
      sameName?.delete(grant)
      if (sameName?.size === 0) grants.delete(grant.wire)
    }
  }

  function giveBack(wire: string | number): void {
    given.onLog(`grant ${wire} came after its deadline; it is given back`)
    const { outcome } = conversation.ask('release', { grant: wire }, { deadlineMs: callMs, read: () => {} })
    outcome.catch(() => {})
  }

  function live(answer: Extract<Answer<'acquire'>, { result: 'granted' }>): LiveGrant {
    const grant = new LiveGrant(answer, timing(answer))
    const sameName = grants.get(grant.wire)
    if (sameName) sameName.add(grant)
    else grants.set(grant.wire, new Set([grant]))
    return grant
  }

  function timing(answer: { at?: bigint | undefined }): Timed {
    return answer.at === undefined ? { lagNs: lag.ns() } : { at: answer.at }
  }

  /** Rejects with an unsettled CallError where the program did not say `closed` in time; it is gone in any case. */
  async function close(): Promise<void> {
    pings.stop()
    closing = true
    const giveUpAt = performance.now() + deadlineMs.close
    let unanswered: unknown
    if (conversation.over === undefined) {
      try {
        await conversation.ask('close', {}, { deadlineMs: deadlineMs.close, read: () => {} }).outcome
      } catch (error) {
        if (conversation.over === undefined) unanswered = error
      }
    }
    const broken = conversation.over !== undefined
    // What it says while we end it is no violation any more.
    conversation.end('the lock was closed')
    const byItself = await program.stop(broken ? 0 : Math.max(0, giveUpAt - performance.now()))
    if (!byItself && !broken && unanswered === undefined)
      given.onLog('the program said closed and stayed; it was ended')
    if (unanswered !== undefined) throw unanswered
  }
}

/** A grant of the program's: the server hands this very object back. */
class LiveGrant implements Grant, Timed {
  readonly wire: string | number
  readonly lost: AbortSignal
  declare token?: string
  declare fence?: string
  declare validForMs?: number
  declare at?: bigint
  declare lagNs?: number
  readonly #lost = new AbortController()

  constructor(answer: Extract<Answer<'acquire'>, { result: 'granted' }>, timed: Timed) {
    this.wire = answer.grant
    this.lost = this.#lost.signal
    if (answer.token !== undefined) this.token = answer.token
    if (answer.fence !== undefined) this.fence = answer.fence
    if (answer.validForMs !== undefined) this.validForMs = answer.validForMs
    Object.assign(this, timed)
  }

  lose(reason: LostError): void {
    this.#lost.abort(reason)
  }
}

/** hello, the topology, open. */
async function introduce(conversation: Conversation, given: StdioOptions): Promise<LockDescription> {
  const hello = conversation.ask(
    'hello',
    { protocol: protocolVersion },
    { deadlineMs: deadlineMs.hello, read: ({ answer }) => describe(withoutAbsent(answer)) },
  )
  const description = await hello.outcome
  checkTopology(description, given.topology)
  const { topology, server, ttlMs, waitMs, endpoints, options } = given
  const fields = { topology, server, ttlMs, waitMs, endpoints, options }
  await conversation.ask('open', fields, { deadlineMs: deadlineMs.open, read: () => {} }).outcome
  return description
}

function withoutAbsent({ name, capabilities, topologies, bookkeeping }: Answer<'hello'>) {
  return {
    name,
    bookkeeping,
    capabilities: Object.fromEntries(Object.entries(capabilities).filter(([, value]) => value !== undefined)),
    ...(topologies === undefined || topologies.length === 0 ? {} : { topologies }),
  }
}

/** `line`: with which the program broke the protocol. */
function startFailure(error: unknown, command: readonly string[], line: string | undefined): Error {
  if (error instanceof UsageError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new EnvironmentError(
    `the lock program \`${command.join(' ')}\` could not open its lock: ${message}${line === undefined ? '' : `: ${line}`}`,
  )
}

function failure(answer: {
  result: 'unavailable' | 'indeterminate'
  error: { class: string; message: string }
}): CallError {
  const { class: name, message } = answer.error
  return new CallError(`${name}: ${message}`, answer.result === 'unavailable' ? { definite: true } : {})
}
