import type { ChildProcess } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Children, exited, processState } from '../lib/children.ts'
import { EnvironmentError } from '../lib/failure.ts'
import { ping } from '../lib/ping.ts'
import { limitMemory } from './memory-limit.ts'
import { configText, nodeConfig } from './node-config.ts'
import { obstruct } from './obstruct.ts'
import type { NodeHandle, NodeSpec } from './runtime.ts'

const host = '127.0.0.1'
const startMs = 15_000
const pollMs = 4
const signalMs = 5_000

export interface NodeSetting {
  children: Children
  password: string
  /** For its configuration and data. */
  folder: string
  logFile: string
  /** The redis-server binary. */
  command: string
}

/** Its port belongs to somebody else: another one may do. */
export class AddressInUse extends Error {
  override name = 'AddressInUse'
}

/**
 * A redis-server or a Sentinel as a child process.
 *
 * A restart without data empties the folder. The configuration is a real file, because Sentinel rewrites it: its own, and that of the nodes that it promotes and demotes.
 */
export class Node implements NodeHandle {
  readonly name: string
  readonly kind: NodeSpec['kind']
  readonly host = host
  readonly port: number
  readonly logFile: string
  readonly #setting: NodeSetting
  readonly #config: string[]
  readonly #configFile: string
  readonly #dataFolder: string
  #child: ChildProcess | undefined
  #logAtLimit = 0

  constructor(spec: NodeSpec, setting: NodeSetting) {
    this.name = spec.name
    this.kind = spec.kind
    this.port = spec.port
    this.logFile = setting.logFile
    this.#setting = setting
    this.#configFile = join(setting.folder, `${spec.name}.conf`)
    this.#dataFolder = join(setting.folder, spec.name)
    this.#config = nodeConfig(spec, {
      port: spec.port,
      bind: host,
      password: setting.password,
      dir: this.#dataFolder,
    })
  }

  get pid(): number | undefined {
    return this.#running()?.pid
  }

  /** Throws AddressInUse, or EnvironmentError with the end of the log. */
  async start(): Promise<void> {
    await mkdir(this.#dataFolder, { recursive: true })
    await this.#configure()
    await this.#launch()
  }

  async state(): Promise<'up' | 'paused' | 'down'> {
    const pid = this.pid
    const letter = pid === undefined ? undefined : processState(pid)
    if (letter === undefined || letter === 'Z' || letter === 'X') return 'down'
    return letter === 'T' || letter === 't' ? 'paused' : 'up'
  }

  async kill(): Promise<void> {
    if (this.#child) await this.#setting.children.stop(this.#child, { graceMs: 0 })
  }

  async restart({ keepData }: { keepData: boolean }): Promise<void> {
    await this.kill()
    if (!keepData) {
      await rm(this.#dataFolder, { recursive: true, force: true })
      await mkdir(this.#dataFolder)
    }
    // What a Sentinel knows is in its configuration; what a Redis was told to be (a replica of whom) is no data.
    if (this.kind === 'redis') await this.#configure(await readFile(this.#configFile, 'utf8'))
    else if (!keepData) await this.#configure()
    const endMs = performance.now() + signalMs
    for (;;) {
      try {
        return await this.#launch()
      } catch (error) {
        if (!(error instanceof AddressInUse)) throw error
        if (performance.now() > endMs)
          throw new EnvironmentError(`${this.name} cannot come back: port ${this.port} is taken by another program`)
        await sleep(50)
      }
    }
  }

  async pause(): Promise<void> {
    await this.#signal('SIGSTOP', 'paused')
  }

  async resume(): Promise<void> {
    await this.#signal('SIGCONT', 'up')
  }

  async limitMemory(headroomBytes: number | undefined): Promise<void> {
    const pid = this.pid
    if (pid === undefined) throw new Error(`${this.name} is down: its memory cannot be limited`)
    this.#logAtLimit = await sizeOf(this.logFile)
    await limitMemory(pid, headroomBytes)
  }

  async memoryDeath(): Promise<string | undefined> {
    const report = (await readFile(this.logFile, 'utf8')).slice(this.#logAtLimit)
    const line = /Out Of Memory allocating \d+ bytes!?/i.exec(report)?.[0]
    if (line === undefined || !report.includes('BUG REPORT START')) return undefined
    return `its log: "${line}" and a crash report`
  }

  obstruct(file: string): Promise<(() => Promise<void>) | undefined> {
    return obstruct(join(this.#dataFolder, file))
  }

  async #signal(signal: 'SIGSTOP' | 'SIGCONT', wanted: 'paused' | 'up'): Promise<void> {
    this.#running()?.kill(signal)
    for (const endMs = performance.now() + signalMs; performance.now() < endMs; await sleep(pollMs)) {
      const state = await this.state()
      if (state === wanted) return
      if (state === 'down') throw new Error(`${this.name} is down: it cannot get ${signal}`)
    }
    throw new Error(`${this.name} is not ${wanted} ${signalMs} ms after ${signal}`)
  }

  async #configure(before?: string): Promise<void> {
    await writeFile(this.#configFile, configText(this.#config, before), { mode: 0o600 })
  }

  #running(): ChildProcess | undefined {
    const child = this.#child
    return child && child.exitCode === null && child.signalCode === null ? child : undefined
  }

  async #launch(): Promise<void> {
    const { children, command, logFile, password } = this.#setting
    const logStart = (await readFile(logFile).catch(() => '')).length
    const args = [this.#configFile, ...(this.kind === 'sentinel' ? ['--sentinel'] : [])]
    const child = children.spawn(command, args, { name: this.name, logFile, cwd: this.#dataFolder })
    this.#child = child
    const ended = exited(child)
    for (const endMs = performance.now() + startMs; performance.now() < endMs; await sleep(pollMs)) {
      // The password is the drill's own: nobody else on this port could answer.
      const pong = await Promise.race([ping(this, password, 1000), ended])
      if (pong?.ok) return
      if (!this.#running()) break
    }
    const died = !this.#running()
    await this.kill()
    const log = lastLines(await readFile(logFile, 'utf8').catch(() => ''), logStart)
    if (died && /Address already in use/.test(log)) throw new AddressInUse(`port ${this.port} is taken`)
    const what = died ? 'ended at once' : `did not answer within ${startMs} ms`
    throw new EnvironmentError(`${this.name} (${command}) ${what}: ${log || 'its log is empty'}`)
  }
}

/** In characters, as logs are read here. */
const sizeOf = (file: string) =>
  readFile(file, 'utf8').then(
    ({ length }) => length,
    () => 0,
  )

/** The last lines of a log from an offset on, in one line. */
export function lastLines(log: string, offset = 0, count = 4): string {
  const lines = log.slice(offset).split('\n')
  return lines
    .map((line) => line.trim())
    .filter(Boolean)
    .slice(-count)
    .join(' / ')
}
