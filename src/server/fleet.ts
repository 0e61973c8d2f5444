import { join } from 'node:path'
import type { Children } from '../lib/children.ts'
import { drillClock } from '../lib/clock.ts'
import { Ports } from '../lib/ports.ts'
import type { LockDescription, Progress, ServerConfiguration } from './messages.ts'
import { nothingYet } from './messages.ts'
import { ServerProcess } from './server-process.ts'

/** Beyond the load's own end, a server that says nothing is one that cannot: its lock never returns to the event loop. */
const lateMs = 10_000
/** The same, once it was told to stop at once. */
const stopLateMs = 2_000
/** One incarnation of a server has this many operations of its own; those below are the faults'. */
const opsPerServer = 10_000_000

/** The controller's side of the order servers: starts them, gives them their orders, adds up what they report, stops them. */
export class Fleet implements AsyncDisposable {
  readonly servers: ServerProcess[]
  readonly #listeners = new Set<() => void>()
  readonly #ports = Ports.open()
  #now = () => 0

  private constructor(servers: ServerProcess[]) {
    this.servers = servers
    // Whoever asks for a port sees the failure.
    this.#ports.catch(() => {})
    for (const server of servers) server.onProgress = () => this.#listeners.forEach((listener) => listener())
  }

  /** Starts the processes only, so that they boot beside the topology. */
  static boot(children: Children, names: string[], logFolder: string): Fleet {
    return new Fleet(names.map((name) => new ServerProcess(children, name, join(logFolder, `${name}.log`))))
  }

  /** Configures all servers; resolves when every lock is open and every door listens. */
  async configure(
    configuration: (
      server: string,
      index: number,
    ) => Omit<ServerConfiguration, 'server' | 'index' | 'count' | 'opBase' | 'doorPort'>,
  ): Promise<LockDescription> {
    const count = this.servers.length
    const ports = await this.#ports
    const descriptions = await Promise.all(
      this.servers.map(async (server, index) => {
        const doorPort = await ports.next()
        return server.configure((incarnation) => {
          const given = configuration(server.name, index)
          this.#now = drillClock(BigInt(given.startNs))
          return {
            ...given,
            historyFile: ofIncarnation(given.historyFile, incarnation),
            server: server.name,
            index,
            count,
            doorPort,
            opBase: (1 + index + incarnation * count) * opsPerServer,
          }
        })
      }),
    )
    return descriptions[0]!
  }

  /**
   * Begins a load that lasts `maxMs` at most; resolves when every server has finished it, or has died for good. One that is far too late is
   * killed.
   */
  async load(maxMs: number): Promise<void> {
    const beganNs = this.#now()
    const peers = this.#peers()
    for (const server of this.servers) {
      this.#takesOver(server, beganNs)
      server.send({ kind: 'load', peers })
      server.finishWithin(maxMs + lateMs)
    }
    await Promise.all(this.servers.map((server) => server.finished))
  }

  stop(gracefulMs: number): void {
    for (const server of this.servers) {
      server.giveUp()
      server.send({ kind: 'stop', gracefulMs })
      server.finishWithin(gracefulMs + stopLateMs)
    }
  }

  /** Addresses of the doors, as they are now. */
  get doors(): string[] {
    return this.servers.map(({ door }) => door)
  }

  /** Resolves when a server has done anything for anybody, or the signal aborts. */
  stirred(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#listeners.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      this.#listeners.add(done)
      signal.addEventListener('abort', done)
      if (signal.aborted) done()
    })
  }

  /** Sums over the servers; `holding` is concatenated. */
  progress(): Progress {
    const total = { ...nothingYet, holding: [] as string[] }
    for (const { progress } of this.servers) {
      for (const key of ['requests', 'acquired', 'extending', 'releasing', 'contended', 'errors'] as const)
        total[key] += progress[key]
      total.holding.push(...progress.holding)
    }
    return total
  }

  /** Resolves once a total was reached; rejects when the signal aborts first. */
  reached(what: 'acquired' | 'extending' | 'releasing', after: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = () => {
        this.#listeners.delete(check)
        signal.removeEventListener('abort', give)
      }
      const check = () => {
        if (this.progress()[what] < after) return
        done()
        resolve()
      }
      const give = () => {
        done()
        reject(signal.reason as Error)
      }
      this.#listeners.add(check)
      signal.addEventListener('abort', give)
      if (signal.aborted) give()
      else check()
    })
  }

  /**
   * The name of a server that holds a lock, by its own word of this moment; where none does, of the first that comes to hold one. Undefined where
   * that does not happen within `withinMs`, or the signal aborts.
   */
  async holder(withinMs: number, signal: AbortSignal): Promise<string | undefined> {
    const found = new AbortController()
    const over = AbortSignal.any([signal, found.signal, AbortSignal.timeout(withinMs)])
    const asked = this.servers.map(async (server) => {
      if ((await server.whenHolding(over)) === undefined) throw new Error('it holds nothing')
      return server.name
    })
    const first = await Promise.any(asked).catch(() => undefined)
    found.abort()
    return first
  }

  /** One server after the other tries what the lock still gives (server/audit.ts); `busy` is asked again for each. */
  async audit(busy: () => readonly string[]): Promise<void> {
    for (const server of this.servers) await server.audit(busy())
  }

  /** Asks every server to close its lock, flush its history and exit. What does not is killed by the drill's Children. */
  async close(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.close()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
    const ports = await this.#ports.catch(() => undefined)
    await ports?.[Symbol.asyncDispose]()
  }

  /** When this server comes back from a crash it goes on with its share of the load, and the others learn where it is. */
  #takesOver(server: ServerProcess, beganNs: number): void {
    let diedNs = 0
    const tell = server.onChange
    server.onChange = (change, t) => {
      if (change === 'down') diedNs = this.#now()
      tell(change, t)
    }
    server.onReturn = () => {
      const peers = this.#peers()
      for (const other of this.servers) if (other !== server) other.send({ kind: 'peers', peers })
      const { incarnation } = server
      const resumed = { beganNs, diedNs, incarnation, answered: server.progress.requests }
      server.send({ kind: 'load', peers, resumed })
    }
  }

  #peers(): Record<string, string> {
    return Object.fromEntries(this.servers.map((server) => [server.name, server.door]))
  }
}

/** `server-1.ndjson`, then `server-1.2.ndjson`. */
const ofIncarnation = (file: string, incarnation: number): string =>
  incarnation === 0 ? file : file.replace(/(?=\.ndjson$)/, `.${incarnation + 1}`)
