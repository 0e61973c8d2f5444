import type { Lock } from '../lock.ts'
import { plain } from '../plain.ts'

/**
 * Bug: when it starts, it clears away what a crash may have left: every key that looks like a lock, "because we have only just started, so nobody can hold
 * one". The other servers can. Written after the first night with a lock that had no TTL, usually for one server, and kept when a second one came.
 */
export default {
  name: 'clears-on-boot',
  topologies: ['single'],
  capabilities: { extend: true },
  async open(env) {
    const redis = env.connect()
    const left = await redis.keys('*:*').catch(() => [])
    if (left.length > 0) await redis.del(...left).catch(() => 0)
    return plain(redis)
  },
} satisfies Lock
