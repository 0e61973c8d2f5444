import type { Call, Ran } from './call.ts'
import { Line } from './line.ts'
import { ScriptBook } from './script-book.ts'

/** What a capture is made of, counted as it goes by. */
export interface Traffic {
  lines: number
  /** By clients. */
  commands: number
  /** By scripts. */
  scriptCommands: number
  firstUs: number
  lastUs: number
  /** By how much the time went back at most: two captures in one file, or a clock that was set. */
  backUs: number
  /** Lines that are none of MONITOR's. */
  foreign: number
  /** Lines that end inside of a word. */
  cut: number
  /** Commands of scripts whose call is not in the capture. */
  orphans: number
  /** Commands that only clients of a cluster send. */
  cluster: number
}

export interface Listener {
  /** Whether a command that is no lock's by itself (SET, DEL, EXPIRE) touches a lock. */
  isLock(db: number, key: string): boolean
  onCall(call: Call): void
}

/** Of plain commands: those that may take, free or prolong a lock. The others are counted and passed over. */
const taking = new Set(['SETNX'])
const touching = new Set([
  'DEL',
  'UNLINK',
  'EXPIRE',
  'PEXPIRE',
  'EXPIREAT',
  'PEXPIREAT',
  'PERSIST',
  'GETSET',
  'GETDEL',
  'SETEX',
  'PSETEX',
  'RENAME',
])
const flushing = new Set(['FLUSHALL', 'FLUSHDB'])
const scripts = new Set(['EVAL', 'EVALSHA', 'FCALL'])
const ofCluster = new Set(['CLUSTER', 'ASKING', 'READONLY'])
/** A script that runs more than this is no lock. */
const ranMax = 256

/** Puts the lines together to calls: a script's own commands stand right behind it, because nothing runs beside a script. */
export class Calls {
  readonly traffic: Traffic = {
    lines: 0,
    commands: 0,
    scriptCommands: 0,
    firstUs: Infinity,
    lastUs: -Infinity,
    backUs: 0,
    foreign: 0,
    cut: 0,
    orphans: 0,
    cluster: 0,
  }
  readonly #line = new Line()
  readonly #book = new ScriptBook()
  readonly #listener: Listener
  #open: (Call & { script: { ran: Ran[]; did: Set<string> } }) | undefined

  constructor(listener: Listener) {
    this.#listener = listener
  }

  readonly take = (bytes: Buffer, start: number, end: number): void => {
    const { traffic } = this
    const line = this.#line
    if (!line.readHead(bytes, start, end)) {
      if (isStatus(bytes, start, end)) return
      traffic.lines++
      if (looksCut(bytes, start)) traffic.cut++
      else traffic.foreign++
      return
    }
    traffic.lines++
    const { atUs } = line
    if (atUs < traffic.firstUs) traffic.firstUs = atUs
    if (atUs > traffic.lastUs) traffic.lastUs = atUs
    else if (traffic.lastUs - atUs > traffic.backUs) traffic.backUs = traffic.lastUs - atUs
    if (line.inner) this.#takeInner(line)
    else {
      traffic.commands++
      this.flush()
      this.#takeOuter(line)
    }
  }

  /** The last script's call is over: nothing comes behind it. */
  flush(): void {
    const call = this.#open
    if (call === undefined) return
    this.#open = undefined
    this.#listener.onCall(call)
  }

  #takeInner(line: Line): void {
    this.traffic.scriptCommands++
    if (!line.readArguments()) return void this.traffic.cut++
    if (this.#open === undefined) return void this.traffic.orphans++
    const { ran, did } = this.#open.script
    if (ran.length < ranMax) ran.push({ atUs: line.atUs, name: line.name, args: line.arguments() })
    did.add(line.name)
  }

  #takeOuter(line: Line): void {
    const { name } = line
    if (name === 'SET') return this.#takeSet(line)
    if (scripts.has(name)) return this.#takeScript(line)
    if (ofCluster.has(name)) this.traffic.cluster++
    const takes = taking.has(name)
    if (takes || touching.has(name)) {
      if (!this.#readWhole(line) || line.count === 0) return
      if (takes || this.#touches(line)) this.#listener.onCall(this.#callOf(line))
    } else if (flushing.has(name)) {
      line.readArguments()
      this.#listener.onCall(this.#callOf(line))
    } else if (name === 'SCRIPT' && line.readArguments() && line.count === 2 && line.is(0, 'LOAD')) {
      this.#book.learn(line.raw(1))
    }
  }

  #takeSet(line: Line): void {
    if (!this.#readWhole(line) || line.count < 2) return
    for (let n = 2; n < line.count; n++) if (line.is(n, 'NX')) return this.#listener.onCall(this.#callOf(line))
    if (this.#listener.isLock(line.db, line.argument(0))) this.#listener.onCall(this.#callOf(line))
  }

  #touches(line: Line): boolean {
    const keys = line.name === 'DEL' || line.name === 'UNLINK' || line.name === 'RENAME' ? line.count : 1
    for (let n = 0; n < keys; n++) if (this.#listener.isLock(line.db, line.argument(n))) return true
    return false
  }

  #takeScript(line: Line): void {
    if (!this.#readWhole(line) || line.count < 2) return
    const args: string[] = []
    for (let n = 1; n < line.count; n++) args.push(line.argument(n))
    const count = Number(args[0])
    if (!(count >= 0 && count < args.length)) return
    const entry = this.#book.entry(line.name, line.raw(0))
    this.#open = {
      ...this.#callOf(line, args),
      script: { ...entry, keys: args.slice(1, 1 + count), args: args.slice(1 + count), ran: [] },
    }
  }

  #readWhole(line: Line): boolean {
    if (line.readArguments()) return true
    this.traffic.cut++
    return false
  }

  #callOf(line: Line, args: readonly string[] = line.arguments()): Call {
    return { atUs: line.atUs, db: line.db, client: line.client(), name: line.name, args }
  }
}

/** redis-cli begins with MONITOR's answer. */
const isStatus = (bytes: Buffer, start: number, end: number) =>
  /^\+?OK\r?$/.test(bytes.toString('latin1', start, Math.min(end, start + 5)))

/** Whether this is at least the beginning of a line of MONITOR. */
const looksCut = (bytes: Buffer, start: number) =>
  /^\+?\d{9,11}(\.\d{0,6}|$)/.test(bytes.toString('latin1', start, start + 20))
