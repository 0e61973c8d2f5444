import type { Readable } from 'node:stream'
import type Dockerode from 'dockerode'
import { type EngineAddress, drillLabel, sweepOnce } from '../lib/docker-sweep.mjs'
import type { Children } from '../lib/children.ts'
import { EnvironmentError } from '../lib/failure.ts'

/** How containers are reached: by their own addresses, or through ports that the engine publishes on this machine's loopback. */
export type Reach = 'direct' | 'published'

/** The Docker engine, for one drill: everything made through it carries the drill's label and is gone when it is disposed of. */
export interface Engine extends AsyncDisposable {
  docker: Dockerode
  labels: Record<string, string>
  reach: Reach
  /** Fetches an image that is not there; what the image runs by default. Throws EnvironmentError where it cannot be had. */
  image(name: string, image: string): Promise<{ command: string[] }>
}

const sweeper = new URL('../lib/docker-sweep.mjs', import.meta.url)
const goneCodes = /^(ECONNREFUSED|ECONNRESET|ENOENT|EPIPE|ENOTFOUND|EHOSTUNREACH|ETIMEDOUT)$/
const roundsMax = 20

/** `lost` hears of an engine that stops answering while the drill is on. Throws EnvironmentError where none answers. */
export async function openEngine(
  children: Children,
  { say, lost }: { say(text: string): void; lost(why: EnvironmentError): void },
): Promise<Engine> {
  const { client, docker, reach } = await connect()
  const address = addressOf(docker)
  const { id } = children
  const isSwept = children.atTheEnd('docker', sweeper, { engine: address, id })
  let over = false
  const events = (await answered(docker.getEvents({ filters: { label: [`${drillLabel}=${id}`] } }))) as Readable
  events.on('close', () => over || lost(new EngineGone()))
  events.on('error', () => {})
  events.resume()
  return {
    docker,
    labels: { [drillLabel]: id },
    reach,
    async image(name, image) {
      const present = () => docker.getImage(image).inspect()
      let found = await present().catch((error: unknown) => (isNotFound(error) ? undefined : raise(error)))
      if (!found) {
        say(`pulling ${image}`)
        const refused = await pull(client, image)
        found = await present().catch(() => undefined)
        if (!found)
          throw new EnvironmentError(
            `the image ${image} cannot be pulled (${refused ?? 'the engine does not say why'}); name another with --image ${name}=…`,
          )
      }
      return { command: found.Config.Cmd ?? [] }
    },
    async [Symbol.asyncDispose]() {
      over = true
      events.destroy()
      try {
        for (let round = 0; round < roundsMax; round++) {
          if ((await sweepOnce(address, id)) > 0) continue
          isSwept()
          return
        }
      } catch {
        // An engine that is gone is the janitor's to wait for.
      }
    },
  }
}

/** Any engine, for looking: nothing is made through it. */
export async function connect() {
  // Loaded here: it takes a while, and only drills in containers need it.
  const { getContainerRuntimeClient } = await import('testcontainers')
  const client = await getContainerRuntimeClient().catch(() => {
    throw new EnvironmentError(
      'no Docker engine answers: start it, or say where it is with DOCKER_HOST; --runtime process needs none',
    )
  })
  const { docker } = dockerOf(client.container)
  const address = addressOf(docker)
  refuseAnother(address)
  return { client, docker, reach: reachOf(address, client.info.containerRuntime.operatingSystem) }
}

/** testcontainers looks on where the engine that was asked for does not answer; what the user named is what the user means. */
function refuseAnother(found: EngineAddress): void {
  const asked = process.env['DOCKER_HOST']
  if (asked === undefined || asked === '') return
  const { protocol, pathname, hostname, port } = new URL(asked)
  const isIt =
    'socketPath' in found
      ? protocol === 'unix:' && found.socketPath === pathname
      : found.host === hostname && String(found.port) === port
  if (!isIt && /^(unix|tcp|https?):$/.test(protocol))
    throw new EnvironmentError(`no Docker engine answers at ${asked} (DOCKER_HOST); --runtime process needs none`)
}

type Client = Awaited<ReturnType<typeof connect>>['client']

/** testcontainers found the engine and speaks to it through dockerode, which it keeps to itself in its types only. */
function dockerOf(container: object): { docker: Dockerode } {
  return { docker: (container as { dockerode: Dockerode }).dockerode }
}

async function pull(client: Client, image: string): Promise<string | undefined> {
  const { ImageName } = await import('testcontainers')
  return client.image.pull(ImageName.fromString(image)).then(
    () => undefined,
    (error: unknown) => said(error),
  )
}

type Pem = string | Buffer | undefined

/** A container's own address answers on Linux, where the engine's bridge is this machine's; not behind Docker Desktop's virtual machine, and not elsewhere. */
function reachOf(address: EngineAddress, operatingSystem: string): Reach {
  const asked = process.env['PICKLOCK_DOCKER_REACH']
  if (asked === 'direct' || asked === 'published') return asked
  const rootless = 'socketPath' in address && address.socketPath.includes('/user/')
  const isHere = process.platform === 'linux' && 'socketPath' in address && !rootless
  return isHere && !/desktop/i.test(operatingSystem) ? 'direct' : 'published'
}

function addressOf({ modem }: Dockerode): EngineAddress {
  const { socketPath, host, port, protocol, ca, cert, key } = modem as unknown as Record<string, Pem>
  if (typeof socketPath === 'string') return { socketPath }
  const pem = (value: Pem) => value?.toString()
  const tls = Object.entries({ ca: pem(ca), cert: pem(cert), key: pem(key) }).filter(([, value]) => value !== undefined)
  const at = { host: String(host), port: Number(port), protocol: protocol === 'https' ? 'https' : 'http' } as const
  return { ...at, ...(Object.fromEntries(tls) as { ca?: string }) }
}

const isNotFound = (error: unknown) => (error as { statusCode?: number }).statusCode === 404

/** The answer to a request; the engine's silence and its refusals as one sentence each. */
export const answered = <Value>(asked: Promise<Value>): Promise<Value> => asked.catch(raise)

function raise(error: unknown): never {
  if (error instanceof EnvironmentError) throw error
  if (goneCodes.test((error as NodeJS.ErrnoException).code ?? '')) throw new EngineGone()
  throw new EngineRefusal(`the Docker engine: ${said(error)}`, (error as { statusCode?: number }).statusCode)
}

/** It answers, and does not do it. */
export class EngineRefusal extends EnvironmentError {
  readonly statusCode: number | undefined

  constructor(message: string, statusCode: number | undefined) {
    super(message)
    this.statusCode = statusCode
  }
}

/** The engine's own words, without dockerode's around them. */
function said(error: unknown): string {
  const { json, message } = error as { json?: { message?: string }; message: string }
  const words = json?.message ?? message.replace(/^\(HTTP code \d+\) .*? - /, '')
  return words.trim().replaceAll('\n', ' ')
}

/** It does not answer any more. */
export class EngineGone extends EnvironmentError {
  constructor() {
    super('the Docker engine stopped answering in the middle of the drill; what is left is removed when it is back')
  }
}
