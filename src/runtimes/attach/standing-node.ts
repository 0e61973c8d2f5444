import { setTimeout as sleep } from 'node:timers/promises'
import { EnvironmentError } from '../../lib/failure.ts'
import { ping } from '../../lib/ping.ts'
import type { DrillContainer } from '../drill-container.ts'
import type { NodeHandle } from '../runtime.ts'
import type { Surveyed } from './survey.ts'

const answerMs = 2_000
const startMs = 20_000
const pollMs = 10

/** A node that already runs. What is done to its process goes through its container; where it has none that we can reach, there is only its address. */
export class StandingNode implements NodeHandle {
  readonly name: string
  readonly kind: NodeHandle['kind']
  readonly host: string
  readonly port: number
  readonly logFile = ''
  pid: number | undefined
  readonly #container: DrillContainer | undefined
  readonly #password: string
  readonly #folder: string

  private constructor({ node, config }: Surveyed, password: string, container: DrillContainer | undefined) {
    this.name = node.name
    this.kind = node.name.startsWith('sentinel') ? 'sentinel' : 'redis'
    this.host = node.host
    this.port = node.port
    this.#password = password
    this.#folder = config['dir'] ?? '/data'
    this.#container = container
  }

  static async open(seen: Surveyed, password: string, container: DrillContainer | undefined): Promise<StandingNode> {
    const node = new StandingNode(seen, password, container)
    node.pid = (await container?.inspect())?.State.Pid
    return node
  }

  async state(): Promise<'up' | 'paused' | 'down'> {
    if (this.#container) return this.#container.state()
    return (await ping(this, this.#password, answerMs)).ok ? 'up' : 'down'
  }

  async kill(): Promise<void> {
    const container = this.#there('be killed')
    this.pid = undefined
    await container.kill()
  }

  async restart({ keepData }: { keepData: boolean }): Promise<void> {
    const container = this.#there('be restarted')
    await this.kill()
    if (!keepData && this.kind === 'redis') await this.#empty(container)
    await container.limitMemory()
    await container.startAgain()
    for (const endMs = performance.now() + startMs; performance.now() < endMs; await sleep(pollMs)) {
      if (!(await ping(this, this.#password, answerMs)).ok) continue
      this.pid = (await container.inspect()).State.Pid
      return
    }
    throw new EnvironmentError(`${this.name} does not answer ${startMs} ms after its container was started again`)
  }

  pause(): Promise<void> {
    return this.#there('be paused')
      .pause()
      .then(() => {})
  }

  async resume(): Promise<void> {
    if ((await this.state()) === 'paused') await this.#there('be resumed').unpause()
  }

  async limitMemory(headroomBytes: number | undefined): Promise<void> {
    const container = this.#there('be given a memory limit')
    await container.limitMemory(headroomBytes === undefined ? undefined : (await container.memory()) + headroomBytes)
  }

  async memoryDeath(): Promise<string | undefined> {
    const { State } = await this.#there('be asked what it died of').inspect()
    if (State.Running || !State.OOMKilled) return undefined
    return `killed by the kernel (its container's state: OOMKilled, exit code ${State.ExitCode})`
  }

  obstruct(file: string): Promise<(() => Promise<void>) | undefined> {
    return this.#there('have its snapshots obstructed').obstruct(`${this.#folder}/${file}`)
  }

  #there(done: string): DrillContainer {
    if (this.#container) return this.#container
    throw new EnvironmentError(
      `${this.name} (${this.host}:${this.port}) is reached by its address only: it cannot ${done}`,
    )
  }

  /** A stopped container has no program that could remove its data: the files that its append-only log is made of become empty. */
  async #empty(container: DrillContainer): Promise<void> {
    const folder = `${this.#folder}/appendonlydir`
    const manifest = await container.read(`${folder}/appendonly.aof.manifest`).catch((error: Error) => {
      throw new Error(`${this.name} cannot come back empty: ${error.message}`, { cause: error })
    })
    const files = [...manifest.matchAll(/^file (\S+)/gm)].map(([, file]) => [file!, ''])
    await container.write(folder.slice(1), Object.fromEntries(files))
  }
}
