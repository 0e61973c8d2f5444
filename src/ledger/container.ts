import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Children } from '../lib/children.ts'
import { EnvironmentError } from '../lib/failure.ts'
import { Ports } from '../lib/ports.ts'
import { DrillContainer } from '../runtimes/drill-container.ts'
import { openEngine } from '../runtimes/engine.ts'
import { answers } from './answers.ts'
import type { Ledger } from './ledger.ts'
import { openBooks, settings } from './postgres.ts'
import { superuser } from './template.ts'

const memoryBytes = 512 * 1024 * 1024
const port = 5432
/** The image makes its cluster first. */
const startMs = 60_000
const pollMs = 20
const askEveryMs = 300
const portTries = 5

/** The Postgres of one run of drills as a container. Throws EnvironmentError where it does not start. */
export async function openContainerLedger({ image, log }: { image: string; log(text: string): void }): Promise<Ledger> {
  await using stack = new AsyncDisposableStack()
  const children = stack.use(await Children.open())
  // That the engine died is told by the drill that is on.
  const engine = stack.use(await openEngine(children, { say: log, lost() {} }))
  await engine.image('postgres', image)
  const password = randomBytes(18).toString('base64url')
  const logFile = join(children.folder, 'postgres.log')
  const published = engine.reach === 'published' ? stack.use(await Ports.open()) : undefined
  const start = async () => {
    const at = await published?.next()
    const container = await DrillContainer.create(engine, {
      name: 'postgres',
      image,
      command: [
        'postgres',
        ...Object.entries(inContainer).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
        ...(at ? ['-p', String(at)] : []),
      ],
      env: {
        POSTGRES_USER: superuser,
        POSTGRES_PASSWORD: password,
        POSTGRES_DB: 'postgres',
        POSTGRES_INITDB_ARGS: '--no-sync',
      },
      memoryBytes,
      network: 'bridge',
      ...(at !== undefined && { publish: [at] }),
      logFile,
    })
    try {
      await container.start()
      return { container, at }
    } catch (error) {
      await container.remove()
      throw error
    }
  }
  const { container, at } = await insistOnPort(start, image)
  const { State, NetworkSettings } = await container.inspect()
  const address = at === undefined ? `${NetworkSettings.Networks['bridge']!.IPAddress}:${port}` : `127.0.0.1:${at}`
  const url = `postgres://${superuser}:${password}@${address}/postgres`
  if (!(await ready(container, url)))
    throw new EnvironmentError(`Postgres (${image}) did not start: ${await lastWords(logFile)}`)
  const books = stack.use(openBooks(url))
  const running = stack.move()
  return { ...books, logFile, pid: State.Pid, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

/** Where it listens and keeps its memory is the image's business. */
const { listen_addresses: _, unix_socket_directories: __, io_method: ___, ...inContainer } = settings

async function insistOnPort<Started>(start: () => Promise<Started>, image: string): Promise<Started> {
  for (let tries = 1; ; tries++) {
    try {
      return await start()
    } catch (error) {
      const { message } = error as Error
      if (tries < portTries && /already allocated|already in use|ports are not available/i.test(message)) continue
      if (error instanceof EnvironmentError) throw error
      throw new EnvironmentError(`Postgres (${image}) did not start: ${message}`)
    }
  }
}

/** A connection is the proof: while the image makes its cluster, a server listens inside only. False where the container ended. */
async function ready(container: DrillContainer, url: string): Promise<boolean> {
  let askAtMs = performance.now() + askEveryMs
  for (const endMs = performance.now() + startMs; performance.now() < endMs; await sleep(pollMs)) {
    if (await answers(url)) return true
    if (performance.now() < askAtMs) continue
    if ((await container.state()) === 'down') return false
    askAtMs = performance.now() + askEveryMs
  }
  return false
}

async function lastWords(logFile: string): Promise<string> {
  const log = await readFile(logFile, 'utf8').catch(() => '')
  return log.trim().split('\n').slice(-2).join(' / ') || 'its log is empty'
}
