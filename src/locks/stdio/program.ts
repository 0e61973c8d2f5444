import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { EnvironmentError } from '../../lib/failure.ts'
import { monotonicNs } from '../../lib/clock.ts'
import { lineCutter } from './lines.ts'
import { lineMaxBytes } from './protocol.ts'

const logMaxBytes = 4 * 1024 * 1024
const killGraceMs = 2000
/** A program may leave children behind that hold its pipes open: its last words are waited for this long. */
const lastWordsMs = 500

export interface ProgramListener {
  /** `readNs`: CLOCK_MONOTONIC when the line was read. */
  line(line: Buffer, readNs: bigint): void
  tooLong(beginning: Buffer): void
  /** What stood on stdout without a newline when it ended. */
  cut(rest: Buffer): void
  /** Once, after the last line: `exit code 7`, `SIGKILL`. */
  exit(how: string): void
  /** A line of its stderr, as long as the log is not full. */
  stderr(text: string): void
}

/** The life of a program behind `stdio:`: a process group of its own, so that signals reach all of it. */
export class Program implements AsyncDisposable {
  readonly pid: number
  /** Resolves with how it ended. */
  readonly ended: Promise<string>
  readonly #child: ChildProcess
  #over = false

  private constructor(child: ChildProcess, log: Log, listener: ProgramListener) {
    this.#child = child
    this.pid = child.pid!
    const cutter = lineCutter(lineMaxBytes, {
      line: (line) => listener.line(line, readNs),
      tooLong: (beginning) => listener.tooLong(beginning),
    })
    let readNs = 0n
    child.stdout!.on('data', (chunk: Buffer) => {
      readNs = monotonicNs()
      cutter.push(chunk)
    })
    child.stderr!.on('data', (chunk: Buffer) => log.add(chunk))
    // A program that has gone reads no more; its end is told by `exit`.
    child.stdin!.on('error', () => {})
    const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#over = true
        const how = signal ?? `exit code ${code}`
        void Promise.race([closed, sleep(lastWordsMs)]).then(() => {
          log.close()
          const rest = cutter.rest()
          if (rest.length > 0) listener.cut(rest)
          listener.exit(how)
          resolve(how)
        })
      })
    })
  }

  /** Starts it in the caller's directory and environment. Throws EnvironmentError. */
  static async start(
    [file, ...args]: readonly [string, ...string[]],
    { cwd, logFile }: { cwd: string; logFile: string },
    listener: ProgramListener,
  ): Promise<Program> {
    const child = spawn(file, args, { cwd, detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
    try {
      await once(child, 'spawn')
    } catch (error) {
      throw new EnvironmentError(`the lock program ${file} could not be started: ${(error as Error).message}`)
    }
    return new Program(child, new Log(logFile, (text) => listener.stderr(text)), listener)
  }

  write(line: string): void {
    if (!this.#over && this.#child.stdin!.writable) this.#child.stdin!.write(line)
  }

  /** To the whole group; false where nobody is left. */
  signal(signal: NodeJS.Signals): boolean {
    try {
      return process.kill(-this.pid, signal)
    } catch {
      return false
    }
  }

  /** Waits until it exits by itself; then SIGTERM, and 2 s later SIGKILL. False where it had to be told. */
  async stop(withinMs: number): Promise<boolean> {
    const byItself = await this.#endsWithin(withinMs)
    if (!byItself) {
      this.signal('SIGTERM')
      await this.#endsWithin(killGraceMs)
    }
    // Also what it started and left behind.
    this.signal('SIGKILL')
    await this.ended
    for (const pipe of [this.#child.stdin, this.#child.stdout, this.#child.stderr]) pipe!.destroy()
    return byItself
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#over) await this.stop(0)
  }

  async #endsWithin(ms: number): Promise<boolean> {
    const timer = new AbortController()
    const waited = sleep(ms, false, { signal: timer.signal }).catch(() => false)
    const ended = await Promise.race([this.ended.then(() => true), waited])
    timer.abort()
    return ended
  }
}

/** The program's stderr: always drained, so that it never blocks; kept up to 4 MiB. */
class Log {
  readonly #file: number
  readonly #onLine: (text: string) => void
  #written = 0
  #closed = false
  #unfinished = ''

  constructor(file: string, onLine: (text: string) => void) {
    this.#file = openSync(file, 'a')
    this.#onLine = onLine
  }

  add(chunk: Buffer): void {
    if (this.#closed || this.#written >= logMaxBytes) return
    const kept = chunk.subarray(0, logMaxBytes - this.#written)
    writeSync(this.#file, kept)
    this.#written += kept.length
    if (this.#written >= logMaxBytes) writeSync(this.#file, '\n(the rest of its stderr was dropped)\n')
    const lines = (this.#unfinished + kept.toString()).split('\n')
    this.#unfinished = lines.pop()!.slice(0, 10_000)
    for (const line of lines) this.#onLine(line)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    if (this.#unfinished !== '') this.#onLine(this.#unfinished)
    closeSync(this.#file)
  }
}
