import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { internalPrefix } from '../../history/internal.ts'
import { keysLike } from '../../lib/keys-like.ts'
import type { Address } from '../../locks/lock.ts'
import { type ProxyState, restoreProxies } from './proxies.ts'

/** What a stack was like before a drill, as plain data. */
export interface Before {
  password: string
  /** A part of the name of every key of the drill's locks. */
  keyPrefix: string
  /** Globs, as in Redis KEYS, of what the lock under test keeps beside: where it was not there before, it is the drill's. */
  bookkeeping: readonly string[]
  /** `keys`: those that were there. */
  nodes: (Address & { name: string; config: Record<string, string>; keys: string[] })[]
  toxiproxy: { api: string; proxies: Record<string, ProxyState> }
  containers: { id: string; memoryBytes: number }[]
}

const nodeMs = 30_000
const pollMs = 100

/**
 * Leaves a stack as it was found: containers run with the memory that they had, Toxiproxy has the proxies and toxics that it had, and nodes have none of the drill's keys and
 * the configuration that they had. Done by the runtime at the end of a drill; where Picklock was killed, the janitor runs this file with the same data on stdin.
 * Rejects with the first thing that could not be done, once all else was tried. Resolves to keys that came while the drill was on, and of which nobody knows whose they are.
 */
export async function restore(before: Before): Promise<string[]> {
  const { nodes, toxiproxy, containers } = before
  await all<unknown>([
    () => all(containers.map((container) => () => restoreContainer(container))),
    () => restoreProxies(toxiproxy.api, toxiproxy.proxies),
  ])
  return (await all(nodes.map((node) => () => restoreNode(node, before)))).flat()
}

/** Rejects with the first failure when all are over. */
async function all<Result>(acts: (() => Promise<Result>)[]): Promise<Result[]> {
  const settled = await Promise.allSettled(acts.map((act) => act()))
  const failed = settled.find((result) => result.status === 'rejected')
  if (failed) throw failed.reason
  return settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
}

async function restoreContainer({ id, memoryBytes }: Before['containers'][number]): Promise<void> {
  const { answered, connect } = await import('../engine.ts')
  const container = (await connect()).docker.getContainer(id)
  const { State, HostConfig } = await answered(container.inspect())
  if (State.Paused) await answered(container.unpause())
  if (HostConfig.Memory !== memoryBytes)
    await answered(container.update({ Memory: memoryBytes, MemorySwap: memoryBytes }))
  if (!State.Running) await answered(container.start())
}

async function restoreNode(
  { name, host, port, config, keys }: Before['nodes'][number],
  { password, ...own }: Before,
): Promise<string[]> {
  const redis = new Redis({
    host,
    port,
    connectionName: 'picklock-restore',
    lazyConnect: true,
    retryStrategy: () => pollMs,
    maxRetriesPerRequest: null,
    commandTimeout: nodeMs,
    ...(password !== '' && { password }),
  })
  redis.on('error', () => {})
  try {
    return await insist(async () => {
      if (redis.status === 'wait') await redis.connect()
      await redis.call('CLIENT', 'UNPAUSE').catch(() => {})
      const now = pairs(await redis.config('GET', '*'))
      for (const [setting, value] of Object.entries(config))
        // What cannot be changed while it runs was not changed either, and whom it follows is Sentinel's business.
        if (now[setting] !== value) await redis.config('SET', setting, value).catch(() => {})
      // A replica gets it from its primary.
      return /^role:master/m.test(await redis.info('replication')) ? await removeKeys(redis, own, new Set(keys)) : []
    })
  } catch (error) {
    throw new Error(`${name} could not be left as it was: ${(error as Error).message}`, { cause: error })
  } finally {
    redis.disconnect()
  }
}

/** Resolves to what is there now and was not before. */
async function removeKeys(
  redis: Redis,
  { keyPrefix, bookkeeping }: Pick<Before, 'keyPrefix' | 'bookkeeping'>,
  before: ReadonlySet<string>,
): Promise<string[]> {
  for (const glob of [`*${keyPrefix}*`, `${internalPrefix}*`, ...bookkeeping]) {
    const own = (await keysLike(redis, glob)).filter((key) => !before.has(key))
    if (own.length > 0) await redis.unlink(own)
  }
  return (await keysLike(redis, '*')).filter((key) => !before.has(key))
}

/** A node that was started a moment ago loads its data. */
async function insist<Result>(act: () => Promise<Result>): Promise<Result> {
  for (const endMs = performance.now() + nodeMs; ; await sleep(pollMs)) {
    try {
      return await act()
    } catch (error) {
      if (performance.now() > endMs) throw error
    }
  }
}

export function pairs(flat: unknown): Record<string, string> {
  const list = (flat as unknown[]).map(String)
  return Object.fromEntries(list.flatMap((name, index) => (index % 2 === 0 ? [[name, list[index + 1] ?? '']] : [])))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  let text = ''
  process.stdin.setEncoding('utf8')
  for await (const chunk of process.stdin) text += String(chunk)
  await restore(JSON.parse(text) as Before).catch(() => {})
  process.exit(0)
}
