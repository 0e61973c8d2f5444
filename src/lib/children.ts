import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { EnvironmentError } from './failure.ts'

export interface SpawnOptions {
  /** For messages: `redis-1`. */
  name: string
  /** Where the outputs go, appended; nowhere without it. */
  logFile?: string
  /** Beside the environment of this process; `undefined` takes a variable away. */
  env?: Record<string, string | undefined>
  cwd?: string
  uid?: number
  gid?: number
  /** Default: `['ignore', 'log', 'log']`; `log` is the log file. */
  stdio?: ('ignore' | 'pipe' | 'ipc' | 'log' | number)[]
}

/**
 * The processes and the folder of one drill (or of a run's ledger), and the janitor that removes them however we end: on dispose, a
 * throw, Ctrl-C, or `kill -9`. Every child leads a process group of its own, so that a Ctrl-C on the terminal reaches only us, and
 * carries `PICKLOCK_DRILL=<id>` in its environment.
 */
export class Children implements AsyncDisposable {
  readonly id: string
  /** The drill's own folder under the system's temp folder, readable by its owner only. */
  readonly folder: string
  readonly #janitor: ChildProcess
  readonly #children = new Set<ChildProcess>()
  #disposed: Promise<void> | undefined

  private constructor(id: string, folder: string, janitor: ChildProcess) {
    this.id = id
    this.folder = folder
    this.#janitor = janitor
  }

  static async open(): Promise<Children> {
    const id = randomBytes(6).toString('hex')
    const folder = join(tmpdir(), `picklock-${id}`)
    // The janitor knows the folder before it exists: there is no moment at which we could leave it behind.
    const script = fileURLToPath(new URL('./janitor.mjs', import.meta.url))
    const { PICKLOCK_DRILL: _, NODE_OPTIONS: __, ...env } = process.env
    const janitor = spawn(process.execPath, [script, id, folder], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
      cwd: '/',
      env,
    })
    janitor.on('error', () => {})
    janitor.stdin!.on('error', () => {})
    if (janitor.pid === undefined)
      throw new EnvironmentError(`cannot start ${process.execPath} to watch over the drill`)
    janitor.unref()
    // A process that only waits for its janitor may end.
    if ('unref' in janitor.stdin!) (janitor.stdin as unknown as { unref(): void }).unref()
    mkdirSync(folder, { mode: 0o700 })
    return new Children(id, folder, janitor)
  }

  /** Throws EnvironmentError where the program cannot be started at all. */
  spawn(command: string, args: readonly string[], options: SpawnOptions): ChildProcess {
    if (this.#disposed) throw new Error(`${options.name} cannot start: the drill is over`)
    const log = options.logFile === undefined ? undefined : openSync(options.logFile, 'a')
    try {
      const child = spawn(command, args, {
        detached: true,
        env: { ...process.env, ...options.env, PICKLOCK_DRILL: this.id },
        stdio: (options.stdio ?? ['ignore', 'log', 'log']).map((entry) =>
          entry === 'log' ? (log ?? 'ignore') : entry,
        ),
        ...(options.cwd !== undefined && { cwd: options.cwd }),
        ...(options.uid !== undefined && { uid: options.uid }),
        ...(options.gid !== undefined && { gid: options.gid }),
      })
      child.on('error', () => {})
      const pid = child.pid
      if (pid === undefined)
        throw new EnvironmentError(`cannot start ${options.name}: is ${command} there and executable?`)
      this.#tell(`+${pid} ${startTime(pid)}`)
      this.#children.add(child)
      child.once('exit', () => {
        this.#children.delete(child)
        if (!signalGroup(pid, 0)) this.#tell(`-${pid}`)
      })
      return child
    } finally {
      if (log !== undefined) closeSync(log)
    }
  }

  /** `signal`, SIGKILL after `graceMs` (0: at once), also to what is left of its process group; resolves when it is gone. */
  async stop(
    child: ChildProcess,
    { graceMs, signal = 'SIGTERM' }: { graceMs: number; signal?: NodeJS.Signals },
  ): Promise<void> {
    const pid = child.pid
    if (pid === undefined) return
    const gone = exited(child)
    if (graceMs > 0 && child.kill(signal)) {
      const timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), graceMs)
      await gone
      clearTimeout(timer)
    }
    // After an exit the group may hold grandchildren; an empty group cannot be signalled.
    signalGroup(pid, 'SIGKILL')
    await gone
  }

  /**
   * A program of ours that the janitor runs when the drill is over, however it ends, once its processes are dead: for what no signal reaches. It gets `input` as JSON
   * on stdin, and is waited for until it ends or closes its stdout. The result says that it is not needed any more.
   */
  atTheEnd(name: string, program: URL, input: unknown): () => void {
    this.#tell(`!${name} ${encodeURIComponent(fileURLToPath(program))} ${JSON.stringify(input)}`)
    return () => this.#tell(`~${name}`)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return (this.#disposed ??= this.#dispose())
  }

  async #dispose(): Promise<void> {
    await Promise.all([...this.#children].map((child) => this.stop(child, { graceMs: 0 })))
    // The janitor looks for grandchildren and removes the folder; should it be gone, we remove the folder at least.
    this.#janitor.ref()
    const gone = exited(this.#janitor)
    this.#janitor.stdin!.end()
    await gone
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 })
  }

  /** The pipe takes a line at once; should it ever not, the janitor still finds the child by its environment. */
  #tell(line: string): void {
    if (this.#janitor.stdin!.writable) this.#janitor.stdin!.write(`${line}\n`)
  }
}

/** Resolves when the process has ended; at once where it has already, or never started. */
export function exited(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => child.once('exit', () => resolve()))
}

/** One letter of the operating system's: `R`, `S`, `D`, `T` stopped, `Z` zombie …; undefined where it is gone or there is no /proc. */
export function processState(pid: number): string | undefined {
  return stat(pid)?.[0]
}

/** Clock ticks a second, in which Linux tells times to user space on every architecture that Node runs on. */
const ticksPerSecond = 100

/** ms of CPU time that a process has used, with a precision of 10 ms; undefined where it is gone or there is no /proc. */
export function cpuTimeMs(pid: number): number | undefined {
  const fields = stat(pid)
  return fields && ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond
}

/** False where nobody is in the group. */
function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal)
  } catch {
    return false
  }
}

/** In clock ticks since boot; with the pid it names a process for good. */
function startTime(pid: number): string {
  return stat(pid)?.[19] ?? '0'
}

/** The fields of /proc/<pid>/stat from the third on; the second is a name in parentheses, which may hold anything. */
function stat(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}
