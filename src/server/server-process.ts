import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ServerHandle, Halt } from '../faults/fault.ts'
import type { Children } from '../lib/children.ts'
import { monotonicNs } from '../lib/clock.ts'
import { Incarnation } from './incarnation.ts'
import {
  nothingYet,
  unwritableCode,
  type FromServer,
  type LockDescription,
  type Progress,
  type ServerConfiguration,
  type StandStill,
  type ToServer,
} from './messages.ts'

/** What happens to a server, for the history. */
type ServerChange = 'down' | 'up' | 'paused' | 'resumed'

/** Whoever is asked to stand still while it holds a lock gets this long to come to hold one. */
export const holdWithinMs = 2_000
/** One that is asked to do it at once: beyond that, it is stopped from outside. */
const obeyWithinMs = 200
/** For the order that was carried out at the last moment. */
const graceMs = 300
/** A lock that refuses everything does so within `waitMs` (audit.ts). */
const auditWithinMs = 8_000
const pollMs = 2

const totals = ['requests', 'acquired', 'extending', 'releasing', 'contended', 'errors'] as const

/** One order server by its name: a process, and after a crash the next one. */
export class ServerProcess implements ServerHandle {
  readonly name: string
  /** Resolves when its load is over, or when it has died for good. */
  readonly finished: Promise<void>
  onProgress = () => {}
  /** Called when the process is gone without having been asked to go; `how` completes a sentence about the server. */
  onDeath = (_how: string, _itsHistory: 'written' | 'unwritable') => {}
  /** `t`: ns of the drill's clock, where that is not now. */
  onChange = (_change: ServerChange, _t?: number) => {}
  /** Called when a new incarnation is ready to work. */
  onReturn = () => {}
  /** 0 for the first process. */
  incarnation = 0
  readonly #children: Children
  readonly #logFile: string
  #process: Incarnation
  #configuration: ((incarnation: number) => ServerConfiguration) | undefined
  /** Of this incarnation, and of those before. */
  #progress: Progress = nothingYet
  #before: Progress = nothingYet
  #closing = false
  /** The drill is over for it: nobody brings it back. */
  #gaveUp = false
  /** Somebody asked for its death. */
  #crashing = false
  #mute = false
  #orders = 0
  readonly #heard = new Map<number, (message: Extract<FromServer, { order: number }>) => void>()
  #finish!: () => void

  constructor(children: Children, name: string, logFile: string) {
    this.name = name
    this.#children = children
    this.#logFile = logFile
    this.finished = new Promise((resolve) => (this.#finish = resolve))
    this.#process = this.#start()
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  get pids(): readonly number[] {
    return this.#process.pids
  }

  get door(): string {
    return this.#process.door
  }

  /** Of all its incarnations; `holding` is the present one's. */
  get progress(): Progress {
    const sums = totals.map((total) => [total, this.#before[total] + this.#progress[total]])
    return { ...(Object.fromEntries(sums) as Omit<Progress, 'holding'>), holding: this.#progress.holding }
  }

  /** `configuration` is asked again for each incarnation. Resolves when the lock is open and the door listens. */
  configure(configuration: (incarnation: number) => ServerConfiguration): Promise<LockDescription> {
    this.#configuration = configuration
    return this.#process.configure(configuration(this.incarnation))
  }

  send(message: ToServer): void {
    this.#process.send(message)
  }

  /** Kills a server that has not finished its load by then: where its event loop is blocked, it does not hear either. */
  finishWithin(ms: number): void {
    const timer = setTimeout(() => {
      // Nobody brought it back.
      if (!this.#process.alive) return this.#finish()
      this.#mute = true
      this.signal('SIGKILL')
    }, ms)
    void this.finished.then(() => clearTimeout(timer))
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.signal(signal)
  }

  state(): 'up' | 'paused' | 'down' {
    return this.#process.state()
  }

  cpuMs(): number | undefined {
    return this.#process.cpuMs()
  }

  async pause({ whileHolding }: { whileHolding: boolean }): Promise<Halt> {
    const state = this.state()
    if (state !== 'up') return { halted: false, why: `${this.name} was ${state} already` }
    const word = await this.#standStill({ by: 'signal', whileHolding, until: '' })
    if (!this.#process.alive) return { halted: false, why: `${this.name} ended before it could be stopped` }
    if (word === undefined) {
      if (whileHolding) return this.#heldNothing()
      // Its event loop does not hear: a signal needs no ear.
      this.signal('SIGSTOP')
    }
    const stopped = await this.#process.becomes('paused')
    this.onChange('paused', word?.t)
    if (!stopped) {
      await this.resume()
      return { halted: false, why: `${this.name} went on after SIGSTOP` }
    }
    return { halted: true, holding: word?.holding ?? [] }
  }

  async resume(): Promise<void> {
    if (this.state() === 'down') return
    this.onChange('resumed')
    this.signal('SIGCONT')
    if (!(await this.#process.becomes('up'))) throw new Error(`${this.name} does not go on after SIGCONT`)
  }

  async block({ whileHolding }: { whileHolding: boolean }): Promise<Halt> {
    const state = this.state()
    if (state !== 'up') return { halted: false, why: `${this.name} was ${state} already` }
    await writeFile(this.#blockFile, '')
    const word = await this.#standStill({ by: 'loop', whileHolding, until: this.#blockFile })
    if (word === undefined) {
      await rm(this.#blockFile, { force: true })
      if (!this.#process.alive) return { halted: false, why: `${this.name} ended before it could be blocked` }
      return whileHolding ? this.#heldNothing() : { halted: false, why: `${this.name} did not hear in time` }
    }
    this.onChange('paused', word.t)
    return { halted: true, holding: word.holding }
  }

  async unblock(): Promise<void> {
    this.onChange('resumed')
    await rm(this.#blockFile, { force: true })
  }

  async crash(): Promise<void> {
    this.#crashing = true
    this.signal('SIGKILL')
    if (!(await this.#process.becomes('down'))) throw new Error(`${this.name} is still there after SIGKILL`)
    await this.#process.ended
  }

  async restart(): Promise<void> {
    if (this.#closing || this.#gaveUp || this.#configuration === undefined) return
    // Another one who killed it has brought it back.
    if (this.#process.alive) return
    this.incarnation++
    const { progress } = this
    this.#before = { ...progress, holding: [] }
    this.#progress = nothingYet
    const process = this.#start()
    this.#process = process
    this.#crashing = false
    try {
      await process.configure(this.#configuration(this.incarnation))
    } catch (error) {
      // Killed once more before it was ready: whoever did that brings it back.
      if (this.#crashing || process !== this.#process) return
      this.#finish()
      throw error
    }
    this.onChange('up')
    this.onReturn()
  }

  /** From now on its death is for good. */
  giveUp(): void {
    this.#gaveUp = true
    if (!this.#process.alive) this.#finish()
  }

  /** Resolves with what it holds, as soon as it holds something; undefined where that does not come before the signal aborts. */
  async whenHolding(signal: AbortSignal): Promise<readonly string[] | undefined> {
    const order = ++this.#orders
    const answer = Promise.withResolvers<readonly string[] | undefined>()
    const nobody = () => answer.resolve(undefined)
    this.#heard.set(order, (message) => answer.resolve('holding' in message ? message.holding : undefined))
    signal.addEventListener('abort', nobody)
    if (signal.aborted) nobody()
    this.send({ kind: 'tell-holding', order })
    try {
      return await answer.promise
    } finally {
      signal.removeEventListener('abort', nobody)
      this.#heard.delete(order)
    }
  }

  /** Resolves when it has tried all keys, or after `auditWithinMs`: what it did not come to is not told. */
  async audit(busy: readonly string[]): Promise<void> {
    if (this.state() !== 'up') return
    const order = ++this.#orders
    const over = new AbortController()
    const audited = new Promise<void>((resolve) => this.#heard.set(order, () => resolve()))
    this.send({ kind: 'audit', order, busy })
    const patience = sleep(auditWithinMs, undefined, { signal: over.signal }).catch(() => {})
    await Promise.race([audited, patience, this.#process.ended])
    over.abort()
    this.#heard.delete(order)
  }

  async close(): Promise<void> {
    this.#closing = true
    // One that stands still would not hear.
    if (this.state() === 'paused') this.signal('SIGCONT')
    await rm(this.#blockFile, { force: true })
    await this.#process.close()
  }

  get #blockFile(): string {
    return join(this.#children.folder, `${this.name} is blocked`)
  }

  #heldNothing(): Halt {
    return { halted: false, why: `${this.name} held no lock within ${holdWithinMs / 1000} s` }
  }

  /** Its last word before it stands still; undefined where it does not come. */
  async #standStill({ by, whileHolding, until }: Pick<StandStill, 'by' | 'whileHolding' | 'until'>) {
    const order = ++this.#orders
    const withinMs = whileHolding || by === 'loop' ? holdWithinMs : obeyWithinMs
    const process = this.#process
    let word: Extract<FromServer, { kind: 'standing-still' }> | undefined
    this.#heard.set(order, (message) => {
      if (message.kind === 'standing-still') word = message
    })
    const beforeNs = String(monotonicNs() + BigInt(Math.round(withinMs * 1e6)))
    this.send({ kind: 'stand-still', order, by, whileHolding, beforeNs, until })
    const endMs = performance.now() + withinMs + graceMs
    while (word === undefined && process.alive && performance.now() < endMs) await sleep(pollMs)
    this.#heard.delete(order)
    return word as Extract<FromServer, { kind: 'standing-still' }> | undefined
  }

  #start(): Incarnation {
    const process: Incarnation = new Incarnation(this.#children, this.name, this.#logFile, {
      hear: (message) => process === this.#process && this.#hear(message),
      ended: (how) => this.#ended(how),
    })
    return process
  }

  #ended(how: string): void {
    if (this.#closing) return this.#finish()
    this.onChange('down')
    if (!this.#crashing || this.#gaveUp) this.#finish()
    if (this.#crashing) return
    const why = this.#mute ? 'no longer answered (does a call of the lock loop?) and was killed' : undefined
    if (how === `exit code ${unwritableCode}`)
      return this.onDeath('ended, because its history cannot be written: is the disk full?', 'unwritable')
    this.onDeath(why ?? `ended by itself (${how})`, 'written')
  }

  #hear(message: FromServer): void {
    switch (message.kind) {
      case 'progress':
        this.#progress = message
        return this.onProgress()
      case 'finished':
        return this.#finish()
      case 'standing-still':
      case 'holding':
      case 'audited':
        return this.#heard.get(message.order)?.(message)
    }
  }
}
