import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import type { Container, ContainerCreateOptions } from 'dockerode'
import { pack } from 'tar-stream'
import { answered, type Engine } from './engine.ts'

export interface ContainerSpec {
  /** `redis-1`: for its name, and for messages. */
  name: string
  image: string
  command: string[]
  /** Instead of the image's own; `command` are its arguments. */
  entrypoint?: string[]
  /** uid and gid; default: the image's own. */
  user?: number
  env?: Record<string, string>
  memoryBytes: number
  /** Docker's network mode: a network's name, or `container:<id>`. */
  network: string
  /** Ports that are published on this machine's loopback, under the same numbers. */
  publish?: number[]
  /** Its outputs are appended there. */
  logFile: string
}

/** One container of a drill. It is removed with the drill's engine; what it wrote goes with it. */
export class DrillContainer {
  readonly name: string
  readonly #engine: Pick<Engine, 'docker' | 'labels'>
  readonly #spec: ContainerSpec
  readonly #container: Container

  private constructor(engine: Pick<Engine, 'docker' | 'labels'>, spec: ContainerSpec, container: Container) {
    this.name = spec.name
    this.#engine = engine
    this.#spec = spec
    this.#container = container
  }

  static async create(engine: Pick<Engine, 'docker' | 'labels'>, spec: ContainerSpec): Promise<DrillContainer> {
    const made = await answered(engine.docker.createContainer(creation(engine, spec)))
    return new DrillContainer(engine, spec, made)
  }

  /** One that runs already and is not ours. */
  static async adopt(engine: Pick<Engine, 'docker'>, name: string, id: string): Promise<DrillContainer> {
    const container = engine.docker.getContainer(id)
    const { Config, HostConfig } = await answered(container.inspect())
    const spec = {
      name,
      image: Config.Image,
      command: [],
      memoryBytes: HostConfig.Memory ?? 0,
      network: '',
      logFile: '',
    }
    const user = Number.parseInt(Config.User, 10)
    return new DrillContainer({ ...engine, labels: {} }, { ...spec, ...(user >= 0 && { user }) }, container)
  }

  get id(): string {
    return this.#container.id
  }

  /** Rejects with the engine's words where it cannot be started, such as for a published port that is taken. */
  async start(): Promise<void> {
    const output = await answered(
      this.#container.attach({ stream: true, stdout: true, stderr: true }) as Promise<NodeJS.ReadWriteStream>,
    )
    const log = createWriteStream(this.#spec.logFile, { flags: 'a' })
    log.on('error', () => {})
    output.on('error', () => {})
    this.#container.modem.demuxStream(output, log, log)
    void finished(output).then(
      () => log.end(),
      () => log.end(),
    )
    await answered(this.#container.start())
  }

  /** As it was started, to the same outputs. */
  async startAgain(): Promise<void> {
    await answered(this.#container.start())
  }

  inspect() {
    return answered(this.#container.inspect())
  }

  async state(): Promise<'up' | 'paused' | 'down'> {
    const { State } = await this.inspect()
    if (State.Paused) return 'paused'
    return State.Running ? 'up' : 'down'
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    try {
      await answered(this.#container.kill({ signal: 'SIGKILL' }))
    } catch (error) {
      // Not running, or not there.
      if (![404, 409].includes((error as { statusCode?: number }).statusCode ?? 0)) throw error
    }
    await answered(this.#container.wait())
  }

  pause = () => answered(this.#container.pause())
  unpause = () => answered(this.#container.unpause())

  async remove(): Promise<void> {
    await answered(this.#container.remove({ force: true, v: true }))
  }

  /** The same container with an empty file system. */
  async anew(): Promise<DrillContainer> {
    await this.remove()
    return DrillContainer.create(this.#engine, this.#spec)
  }

  async limitMemory(bytes: number = this.#spec.memoryBytes): Promise<void> {
    // Without swap, on which a leak could live.
    await answered(this.#container.update({ Memory: bytes, MemorySwap: bytes }))
  }

  /** Bytes that the kernel charges it for. */
  async memory(): Promise<number> {
    const stats = await answered(this.#container.stats({ stream: false, 'one-shot': true }))
    return stats.memory_stats.usage
  }

  /** Writes files into a folder, all owned by `user`; also where it is stopped. */
  async write(folder: string, files: Record<string, string>): Promise<void> {
    const owner = { uid: this.#spec.user ?? 0, gid: this.#spec.user ?? 0 }
    const archive = pack()
    archive.entry({ name: `${folder}/`, type: 'directory', mode: 0o700, ...owner })
    for (const [file, text] of Object.entries(files))
      archive.entry({ name: `${folder}/${file}`, mode: 0o600, ...owner }, text)
    archive.finalize()
    const chunks: Buffer[] = []
    for await (const chunk of archive) chunks.push(chunk as Buffer)
    await answered(this.#container.putArchive(Buffer.concat(chunks), { path: '/' }))
  }

  async read(path: string): Promise<string> {
    const { extract } = await import('tar-stream')
    const archive = (await answered(this.#container.getArchive({ path }))) as NodeJS.ReadableStream
    let text = ''
    for await (const entry of archive.pipe(extract())) for await (const chunk of entry) text += String(chunk)
    return text
  }

  /** See `NodeHandle.obstruct`; the path is absolute. */
  async obstruct(path: string): Promise<(() => Promise<void>) | undefined> {
    const is = (what: string) =>
      this.run('test', what, path).then(
        () => true,
        () => false,
      )
    if (await is('-d')) return undefined
    const kept = await is('-f')
    if (kept) await this.run('mv', path, `${path}.aside`)
    await this.run('mkdir', path)
    return async () => {
      // Another fault has it down, or brought back empty as another container.
      if ((await this.state().catch(() => 'down')) === 'down' || !(await is('-d'))) return
      await this.run('rmdir', path)
      if (kept) await this.run('mv', `${path}.aside`, path)
    }
  }

  /** Runs a program in it. Rejects with what it said where it fails. */
  async run(...command: string[]): Promise<void> {
    const exec = await answered(this.#container.exec({ Cmd: command, AttachStdout: true, AttachStderr: true }))
    const stream = await answered(exec.start({}))
    let text = ''
    for await (const chunk of stream) text += String(chunk)
    const { ExitCode } = await answered(exec.inspect())
    if (ExitCode !== 0)
      throw new Error(`${command.join(' ')} in ${this.name} failed: ${text.replace(/[^\x20-\x7e]+/g, ' ').trim()}`)
  }
}

function creation({ labels }: Pick<Engine, 'labels'>, spec: ContainerSpec): ContainerCreateOptions {
  const published = (spec.publish ?? []).map((port) => `${port}/tcp`)
  const bindings = published.map((port) => [port, [{ HostIp: '127.0.0.1', HostPort: port.split('/')[0] }]])
  return {
    name: `picklock-${Object.values(labels)[0]}-${spec.name}`,
    Image: spec.image,
    Cmd: spec.command,
    ...(spec.entrypoint && { Entrypoint: spec.entrypoint }),
    ...(spec.user !== undefined && { User: `${spec.user}:${spec.user}` }),
    Env: Object.entries(spec.env ?? {}).map(([name, value]) => `${name}=${value}`),
    Labels: labels,
    ExposedPorts: Object.fromEntries(published.map((port) => [port, {}])),
    HostConfig: {
      Memory: spec.memoryBytes,
      MemorySwap: spec.memoryBytes,
      NetworkMode: spec.network,
      PortBindings: Object.fromEntries(bindings),
      ...(spec.user !== undefined && { CapDrop: ['ALL'] }),
    },
  }
}
