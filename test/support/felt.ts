import { Redis, type RedisOptions } from 'ioredis'
import { onTestFinished } from 'vitest'
import type { Fault, Injection, Stage, Target } from '../../src/faults/fault.ts'
import type { Stand } from './cluster.ts'

/** What a fault sees of a drill, with a fixed draw. */
export function stageOf({ cluster, links }: Stand, forMs = 60_000): Stage {
  return {
    cluster,
    links,
    random: () => 0.5,
    now: () => performance.now() * 1e6,
    forMs,
    log() {},
    signal: new AbortController().signal,
  }
}

/** Injects with parameters as a scenario writes them, and the defaults for the rest. */
export function inject(
  fault: Fault,
  target: Target,
  stage: Stage,
  parameters: Record<string, unknown> = {},
): Promise<Injection> {
  return fault.inject(target, fault.parameters.parse(parameters), stage)
}

export function onLinks({ links }: Stand, ...names: string[]): Target {
  return { label: names.join(', '), nodes: [], links: names.map((name) => links.get(name)), servers: [] }
}

export function onNodes({ cluster }: Stand, ...names: string[]): Target {
  return {
    label: names.join(', '),
    nodes: cluster.redis.filter(({ name }) => names.includes(name)),
    links: [],
    servers: [],
  }
}

/** A plain client as a lock has it, through a server's link; `kill` of its connections does not end the test. */
export function clientOf({ cluster }: Stand, server: string, options: RedisOptions = {}): Redis {
  const { redis, password } = cluster.endpoints(server)
  const settings: RedisOptions = { ...redis[0]!, password, retryStrategy: (times) => Math.min(times * 20, 200) }
  // replyMapping by name (it is ioredis' default), because the constructor's type wants no undefined there.
  const { replyMapping = 'legacy', ...rest } = { ...settings, ...options }
  const client = new Redis({ ...rest, replyMapping })
  client.on('error', () => {})
  onTestFinished(() => client.disconnect())
  return client
}

/** A client that sends each command once: what is lost is an error. */
export const onceOnly: RedisOptions = { maxRetriesPerRequest: 0, autoResendUnfulfilledCommands: false }

/** How long it took, ms. */
export async function msOf(what: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now()
  await what()
  return performance.now() - startMs
}
