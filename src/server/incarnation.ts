import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { beside } from '../lib/beside.ts'
import { type Children, cpuTimeMs, processState } from '../lib/children.ts'
import { EnvironmentError, UsageError } from '../lib/failure.ts'
import type { FromServer, LockDescription, ServerConfiguration, ToServer } from './messages.ts'

const main = fileURLToPath(beside(import.meta.url, 'main'))

/** A stdio program may build first: hello 120 s and open 60 s, and a little. */
const readyTimeoutMs = 185_000
/** What a lock gets to close itself, its stdio program included (5 s, SIGTERM, 2 s, SIGKILL). */
const closeTimeoutMs = 10_000
/** How long the operating system may take to do what a signal says. */
const signalMs = 5_000
const pollMs = 2

/** One process of an order server, from its start to its end. After a crash another one follows (server-process.ts). */
export class Incarnation {
  /** The base address of its HTTP door, once ready. */
  door = ''
  readonly #name: string
  readonly #logFile: string
  readonly #children: Children
  readonly #child: ChildProcess
  /** Resolves when the server's process is gone and everybody was told. */
  readonly ended: Promise<void>
  #programs: readonly number[] = []
  #exit: string | undefined
  #ready: { resolve: (lock: LockDescription) => void; reject: (error: Error) => void } | undefined

  /** `hear` gets what is not this class's own business, `ended` how it ended: a signal's name, or `exit code 7`. */
  constructor(
    children: Children,
    name: string,
    logFile: string,
    told: { hear: (message: FromServer) => void; ended: (how: string) => void },
  ) {
    this.#name = name
    this.#logFile = logFile
    this.#children = children
    this.#child = children.spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main], {
      name,
      logFile,
      stdio: ['ignore', 'log', 'log', 'ipc'],
    })
    this.#child.on('message', (message: FromServer) => {
      switch (message.kind) {
        case 'ready':
          this.door = message.door
          this.#programs = message.pids
          return this.#ready?.resolve(message.lock)
        case 'failed':
          return this.#ready?.reject(new (message.usage ? UsageError : EnvironmentError)(message.message))
        default:
          return told.hear(message)
      }
    })
    const { promise, resolve: gone } = Promise.withResolvers<void>()
    this.ended = promise
    this.#child.on('exit', (code, signal) => {
      this.#exit = signal ?? `exit code ${code}`
      this.#ready?.reject(
        new EnvironmentError(`${name} ended before it was ready (${this.#exit}); its log: ${logFile}`),
      )
      told.ended(this.#exit)
      gone()
    })
  }

  get alive(): boolean {
    return this.#exit === undefined
  }

  get pid(): number | undefined {
    return this.alive ? this.#child.pid : undefined
  }

  /** Of the server, if it lives, and of the programs that share its fate: leaders of process groups. */
  get pids(): readonly number[] {
    return this.pid === undefined ? this.#programs : [this.pid, ...this.#programs]
  }

  /** Resolves when its lock is open and its door listens. Rejects with UsageError or EnvironmentError. */
  configure(configuration: ServerConfiguration): Promise<LockDescription> {
    const { promise, resolve, reject } = Promise.withResolvers<LockDescription>()
    this.#ready = { resolve, reject }
    const failed = (what: string) => reject(new EnvironmentError(`${this.#name} ${what}; its log: ${this.#logFile}`))
    if (!this.alive) failed(`could not start (${this.#exit})`)
    this.send({ kind: 'configure', configuration })
    const timer = setTimeout(() => failed(`was not ready within ${readyTimeoutMs / 1000} s`), readyTimeoutMs)
    return promise.finally(() => clearTimeout(timer))
  }

  send(message: ToServer): void {
    // A server that died a moment ago is no failure of the sender: its death is in the history.
    if (this.alive && this.#child.connected) this.#child.send(message, () => {})
  }

  /** By the operating system's word. A server that stands still while its program runs, or the other way round, is `up`. */
  state(): 'up' | 'paused' | 'down' {
    const letters = this.pids.map((pid) => processState(pid)).filter((letter) => letter !== undefined && letter !== 'Z')
    if (letters.length === 0) return 'down'
    return letters.every((letter) => letter === 'T' || letter === 't') ? 'paused' : 'up'
  }

  /** Resolves with whether it came so in time. */
  async becomes(state: 'up' | 'paused' | 'down'): Promise<boolean> {
    for (const endMs = performance.now() + signalMs; performance.now() < endMs; await sleep(pollMs))
      if (this.state() === state) return true
    return false
  }

  /** To all of them and to whatever they started. */
  signal(signal: NodeJS.Signals): void {
    for (const pid of this.pids) {
      try {
        process.kill(-pid, signal)
      } catch {
        // gone already
      }
    }
  }

  /** ms of CPU time that the server has used; undefined where the operating system does not tell. */
  cpuMs(): number | undefined {
    return this.pid === undefined ? undefined : cpuTimeMs(this.pid)
  }

  /** Asks it to close its lock, flush its history and exit; ends it where it does not. */
  async close(): Promise<void> {
    if (!this.alive) return
    this.send({ kind: 'close' })
    const over = new AbortController()
    await Promise.race([
      once(this.#child, 'exit', { signal: over.signal }).catch(() => {}),
      sleep(closeTimeoutMs, undefined, { signal: over.signal }).catch(() => {}),
    ])
    over.abort()
    if (this.alive) await this.#children.stop(this.#child, { graceMs: 200 })
  }
}
