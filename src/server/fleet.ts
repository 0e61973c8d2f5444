import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { ServerHandle } from '../faults/fault.ts'
import type { Children } from '../lib/children.ts'
import { EnvironmentError, UsageError } from '../lib/failure.ts'
import {
  nothingYet,
  type FromServer,
  type LockDescription,
  type Progress,
  type ServerConfiguration,
  type ToServer,
} from './messages.ts'

const main = fileURLToPath(new URL('./main.ts', import.meta.url))

/** A stdio program may build first: hello 120 s and open 60 s, and a little. */
const readyTimeoutMs = 185_000
/** Beyond the load's own end, a server that says nothing is one that cannot: its lock never returns to the event loop. */
const lateMs = 10_000
/** The same, once it was told to stop at once. */
const stopLateMs = 2_000
/** What a lock gets to close itself, its stdio program included (5 s, SIGTERM, 2 s, SIGKILL). */
const closeTimeoutMs = 10_000
/** One incarnation of a server has this many operations of its own; those below are the faults'. */
const opsPerServer = 10_000_000

/** The controller's side of the order servers: starts them, gives them their orders, adds up what they report, stops them. */
export class Fleet implements AsyncDisposable {
  readonly servers: Server[]
  readonly #listeners = new Set<() => void>()

  private constructor(servers: Server[]) {
    this.servers = servers
    for (const server of servers) server.onProgress = () => this.#listeners.forEach((listener) => listener())
  }

  /** Starts the processes only, so that they boot beside the topology. */
  static boot(children: Children, names: string[], logFolder: string): Fleet {
    return new Fleet(names.map((name) => new Server(children, name, join(logFolder, `${name}.log`))))
  }

  /** Configures all servers; resolves when every lock is open and every door listens. */
  async configure(
    configuration: (
      server: string,
      index: number,
    ) => Omit<ServerConfiguration, 'server' | 'index' | 'count' | 'opBase'>,
  ): Promise<LockDescription> {
    const descriptions = await Promise.all(
      this.servers.map((server, index) =>
        server.configure({
          ...configuration(server.name, index),
          server: server.name,
          index,
          count: this.servers.length,
          opBase: (index + 1) * opsPerServer,
        }),
      ),
    )
    return descriptions[0]!
  }

  /** Begins a load that lasts `maxMs` at most; resolves when every server has finished it, or has died. One that is far too late is killed. */
  async load(maxMs: number): Promise<void> {
    const peers = Object.fromEntries(this.servers.map((server) => [server.name, server.door]))
    for (const server of this.servers) {
      server.send({ kind: 'load', peers })
      server.finishWithin(maxMs + lateMs)
    }
    await Promise.all(this.servers.map((server) => server.finished))
  }

  stop(gracefulMs: number): void {
    for (const server of this.servers) {
      server.send({ kind: 'stop', gracefulMs })
      server.finishWithin(gracefulMs + stopLateMs)
    }
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

  /** Asks every server to close its lock, flush its history and exit. What does not is killed by the drill's Children. */
  async close(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.close()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/** One server process. */
class Server implements ServerHandle {
  readonly name: string
  readonly finished: Promise<void>
  /** The base address of its HTTP door, once ready. */
  door = ''
  progress: Progress = nothingYet
  onProgress = () => {}
  /** Called once when the process is gone without having been asked to go; `how` completes a sentence about the server. */
  onDeath = (_how: string) => {}
  readonly #child: ChildProcess
  readonly #children: Children
  readonly #logFile: string
  #programs: number[] = []
  #closing = false
  #mute = false
  #exit: string | undefined
  #finish!: () => void
  #ready!: { resolve: (lock: LockDescription) => void; reject: (error: Error) => void }

  constructor(children: Children, name: string, logFile: string) {
    this.name = name
    this.#children = children
    this.#logFile = logFile
    this.finished = new Promise((resolve) => (this.#finish = resolve))
    this.#child = children.spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main], {
      name,
      logFile,
      stdio: ['ignore', 'log', 'log', 'ipc'],
    })
    this.#child.on('message', (message: FromServer) => this.#hear(message))
    this.#child.on('exit', (code, signal) => {
      this.#exit = signal ?? `exit code ${code}`
      this.#finish()
      this.#ready?.reject(
        new EnvironmentError(`${name} ended before it was ready (${this.#exit}); its log: ${logFile}`),
      )
      if (!this.#closing)
        this.onDeath(
          this.#mute
            ? 'no longer answered (does a call of the lock loop?) and was killed'
            : `ended by itself (${this.#exit})`,
        )
    })
  }

  get pid(): number | undefined {
    return this.#exit === undefined ? this.#child.pid : undefined
  }

  configure(configuration: ServerConfiguration): Promise<LockDescription> {
    const ready = new Promise<LockDescription>((resolve, reject) => (this.#ready = { resolve, reject }))
    if (this.#exit !== undefined)
      this.#ready.reject(
        new EnvironmentError(`${this.name} could not start (${this.#exit}); its log: ${this.#logFile}`),
      )
    this.send({ kind: 'configure', configuration })
    const timer = setTimeout(
      () =>
        this.#ready.reject(
          new EnvironmentError(
            `${this.name} was not ready within ${readyTimeoutMs / 1000} s; its log: ${this.#logFile}`,
          ),
        ),
      readyTimeoutMs,
    )
    return ready.finally(() => clearTimeout(timer))
  }

  send(message: ToServer): void {
    // A server that died a moment ago is no failure of the sender: its death is in the history.
    if (this.#exit === undefined && this.#child.connected) this.#child.send(message, () => {})
  }

  /** Kills a server that has not finished its load by then: where its event loop is blocked, it does not hear either. */
  finishWithin(ms: number): void {
    const timer = setTimeout(() => {
      if (this.#exit !== undefined) return
      this.#mute = true
      this.signal('SIGKILL')
    }, ms)
    void this.finished.then(() => clearTimeout(timer))
  }

  signal(signal: NodeJS.Signals): void {
    // Both lead process groups of their own: whatever a program started shares its fate.
    for (const pid of [this.#child.pid, ...this.#programs]) {
      if (pid === undefined) continue
      try {
        process.kill(-pid, signal)
      } catch {
        // gone already
      }
    }
  }

  async close(): Promise<void> {
    this.#closing = true
    if (this.#exit !== undefined) return
    this.send({ kind: 'close' })
    const over = new AbortController()
    await Promise.race([
      once(this.#child, 'exit', { signal: over.signal }).catch(() => {}),
      sleep(closeTimeoutMs, undefined, { signal: over.signal }).catch(() => {}),
    ])
    over.abort()
    if (this.#exit === undefined) await this.#children.stop(this.#child, { graceMs: 200 })
  }

  #hear(message: FromServer): void {
    switch (message.kind) {
      case 'ready':
        this.door = message.door
        this.#programs = message.pids
        return this.#ready.resolve(message.lock)
      case 'failed':
        return this.#ready.reject(new (message.usage ? UsageError : EnvironmentError)(message.message))
      case 'progress':
        this.progress = message
        return this.onProgress()
      case 'finished':
        return this.#finish()
      case 'closed':
        return
    }
  }
}
