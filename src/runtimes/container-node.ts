import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { EnvironmentError } from '../lib/failure.ts'
import { ping } from '../lib/ping.ts'
import { type ContainerSpec, DrillContainer } from './drill-container.ts'
import { type Engine, EngineGone, EngineRefusal } from './engine.ts'
import { lastLines } from './node.ts'
import { configText, nodeConfig } from './node-config.ts'
import type { NodeHandle, NodeSpec } from './runtime.ts'

const mb = 1024 * 1024
const memoryBytes = 512 * mb
const startMs = 20_000
const pollMs = 5
/** An answer of the engine's takes time that the container does not have to itself. */
const askEveryMs = 150
/** Nobody in particular: what runs in a container needs no rights. */
const user = 6379
/** Its configuration and data, in the container's own file system. */
const folder = '/picklock'
const configFile = 'node.conf'

export interface ContainerSetting {
  engine: Engine
  /** See `Runtime.host`. */
  host: string
  password: string
  image: string
  /** The program that the image runs: `redis-server`, `valkey-server` … */
  server: string
  /** The network namespace that all nodes of the drill share. */
  network: string
  logFile: string
}

/** A redis-server or a Sentinel in a container. It is stopped and started as a whole, and keeps its file system: its data, and its configuration as it was rewritten. */
export class ContainerNode implements NodeHandle {
  readonly name: string
  readonly kind: NodeSpec['kind']
  readonly host: string
  readonly port: number
  readonly logFile: string
  pid: number | undefined
  readonly #setting: ContainerSetting
  readonly #config: string[]
  #container: DrillContainer | undefined

  constructor(spec: NodeSpec, setting: ContainerSetting) {
    this.name = spec.name
    this.kind = spec.kind
    this.host = setting.host
    this.port = spec.port
    this.logFile = setting.logFile
    this.#setting = setting
    this.#config = nodeConfig(spec, { port: spec.port, bind: '*', password: setting.password, dir: folder })
  }

  async start(): Promise<void> {
    this.#container = await DrillContainer.create(this.#setting.engine, this.#spec())
    await this.#configure()
    await this.#launch()
  }

  state(): Promise<'up' | 'paused' | 'down'> {
    return this.#there.state()
  }

  async kill(): Promise<void> {
    this.pid = undefined
    // An engine that is gone is told of by all else that asks it; here it would only hide what went wrong first.
    await this.#container?.kill().catch((error: unknown) => {
      if (!(error instanceof EngineGone)) throw error
    })
  }

  async restart({ keepData }: { keepData: boolean }): Promise<void> {
    await this.kill()
    // What a Sentinel knows is in its configuration; what a Redis was told to be (a replica of whom) is no data.
    const before = this.kind === 'redis' ? await this.#there.read(`${folder}/${configFile}`) : undefined
    if (keepData) await this.#there.limitMemory()
    else this.#container = await this.#there.anew()
    if (this.kind === 'redis' || !keepData) await this.#configure(before)
    await this.#launch()
  }

  pause(): Promise<void> {
    return this.#there.pause().then(() => {})
  }

  async resume(): Promise<void> {
    if ((await this.state()) === 'paused') await this.#there.unpause()
  }

  async limitMemory(headroomBytes: number | undefined): Promise<void> {
    const bytes = headroomBytes === undefined ? undefined : (await this.#there.memory()) + headroomBytes
    await this.#there.limitMemory(bytes)
  }

  async memoryDeath(): Promise<string | undefined> {
    const { State } = await this.#there.inspect()
    if (State.Running || !State.OOMKilled) return undefined
    return `killed by the kernel (its container's state: OOMKilled, exit code ${State.ExitCode})`
  }

  obstruct(file: string): Promise<(() => Promise<void>) | undefined> {
    return this.#there.obstruct(`${folder}/${file}`)
  }

  get #there(): DrillContainer {
    if (!this.#container) throw new Error(`${this.name} was never started`)
    return this.#container
  }

  #spec(): ContainerSpec {
    const { image, server, network, logFile } = this.#setting
    return {
      name: this.name,
      image,
      // The image's own entry point would change the owner of files and drop rights, of which there are none.
      entrypoint: [server],
      command: [`${folder}/${configFile}`, ...(this.kind === 'sentinel' ? ['--sentinel'] : [])],
      user,
      memoryBytes,
      network,
      logFile,
    }
  }

  #configure(before?: string): Promise<void> {
    return this.#there.write(folder.slice(1), { [configFile]: configText(this.#config, before) })
  }

  async #launch(): Promise<void> {
    const there = this.#there
    const logStart = (await readFile(this.logFile, 'utf8').catch(() => '')).length
    await there.start().catch((error: unknown) => {
      if (!(error instanceof EngineRefusal)) throw error
      throw new EnvironmentError(`${this.name} (${this.#setting.image}) did not start: ${error.message}`)
    })
    let askAtMs = performance.now() + askEveryMs
    for (const endMs = performance.now() + startMs; performance.now() < endMs; await sleep(pollMs)) {
      if ((await ping(this, this.#setting.password, 1000)).ok) {
        const { State } = await there.inspect()
        this.pid = State.Pid
        return
      }
      if (performance.now() < askAtMs) continue
      if ((await this.state()) === 'down') break
      askAtMs = performance.now() + askEveryMs
    }
    const died = (await this.state()) === 'down'
    await this.kill()
    const log = lastLines(await readFile(this.logFile, 'utf8').catch(() => ''), logStart)
    const what = died ? 'ended at once' : `did not answer within ${startMs} ms`
    throw new EnvironmentError(`${this.name} (${this.#setting.image}) ${what}: ${log || 'its log is empty'}`)
  }
}
