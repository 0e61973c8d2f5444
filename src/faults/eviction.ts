import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { z } from 'zod'
import { isInternal } from '../history/internal.ts'
import { eachNode } from './each-node.ts'
import type { Fault } from './fault.ts'
import { fill, removeFiller } from './filler.ts'
import { insist, poll } from './poll.ts'
import { changeSettings, infoNumber } from './settings.ts'

const parameters = z.strictObject({
  /** Whose keys go first, in Redis' words. */
  policy: z
    .enum([
      'allkeys-lru',
      'allkeys-lfu',
      'allkeys-random',
      'volatile-lru',
      'volatile-lfu',
      'volatile-random',
      'volatile-ttl',
    ])
    .default('allkeys-lru'),
  /** How many keys of a cache are written each second, beside the locks. */
  keysPerSecond: z.number().min(20).max(5_000).default(1_000),
})

/** What the cache may grow to. Small, so that it is full at once and the locks are a good part of what can go. */
const roomBytes = 1024 * 1024
const bytesEach = 4096
const cacheTtlMs = 3_600_000
const stepMs = 20
/** So long it waits for a key to go that is not its own. */
const patienceMs = 3_000

export const eviction = {
  name: 'eviction',
  title: 'maxmemory is reached under an evicting policy: locks are thrown out as if they were cache',
  docs: `A cache shares the node with the locks, the memory is full, and \`policy\` says who has to go (RedLock.net#101, redis#9105). The harness writes a stream of cache
entries, each with a time to live of an hour. A lock feels nothing: writes work, and its key is gone in the middle of its lease. Landed when \`evicted_keys\` rose and a key
that is not the harness' own was evicted. The harness' keys are removed at the heal.`,
  group: 'nodes',
  color: '#8e6c00',
  parameters,
  defaultTarget: 'primary',
  inject: (target, { policy, keysPerSecond }, stage) =>
    eachNode(target, async (node) => {
      const { pid } = node
      const admin = stage.cluster.admin(node.name)
      const before = await infoNumber(admin, 'stats', 'evicted_keys')
      const used = await infoNumber(admin, 'memory', 'used_memory')
      const evicted: string[] = []
      await using stack = new AsyncDisposableStack()
      const watcher = stack.adopt(admin.duplicate(), (each) => each.disconnect())
      watcher.on('error', () => {})
      watcher.on('pmessage', (_pattern: string, _channel: string, key: string) => {
        if (!isInternal(key)) evicted.push(key)
      })
      await watcher.psubscribe('__keyevent@*__:evicted')

      const restore = await changeSettings(node, admin, {
        'maxmemory-policy': policy,
        maxmemory: String(used + roomBytes),
      })
      const over = new AbortController()
      const pumping = pump(admin, keysPerSecond, over.signal)
      const heal = async () => {
        over.abort()
        await pumping
        await restore()
        await insist(async () => {
          if (node.pid === pid) await removeFiller(admin)
        })
      }
      try {
        const othersWent = await poll(patienceMs, stage.signal, () => Promise.resolve(evicted.length > 0))
        const rose = (await infoNumber(admin, 'stats', 'evicted_keys')) - before
        return {
          landed: othersWent && rose > 0,
          proof: othersWent
            ? `${node.name} evicted ${rose} keys under ${policy}, among them ${evicted[0]}`
            : `${node.name} evicted ${rose} keys under ${policy}, all of them the harness' own`,
          heal,
        }
      } catch (error) {
        await heal().catch(() => {})
        throw error
      }
    }),
} satisfies Fault<typeof parameters>

/** Never rejects: what another fault refuses or breaks is not cached, as in a shop. */
async function pump(admin: Redis, keysPerSecond: number, signal: AbortSignal): Promise<void> {
  const startMs = performance.now()
  for (let written = 0; !signal.aborted; await sleep(stepMs, undefined, { signal }).catch(() => {})) {
    // No more at once than a second's worth, after a pause.
    const due = Math.min(keysPerSecond, Math.floor(((performance.now() - startMs) / 1000) * keysPerSecond) - written)
    if (due <= 0) continue
    await fill(admin, written, { keys: due, bytesEach, ttlMs: cacheTtlMs }).catch(() => {})
    written += due
  }
}
