import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { attempt, definite } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { retrying } from '../nodes.ts'

const releaseIfMine = luaScript(import.meta.url, '../release.lua')
const timeoutMs = 500
const askAgainMs = 200

/**
 * Bug: it finds the primary without Sentinel, by asking the nodes of its list who they are (ROLE), again and again, and takes the first that says
 * "master". A primary that died and came back says so for 8 to 10 s, until Sentinel demotes it: the lock runs back to the old one, with what that
 * knew when it died, and each server at a moment of its own. Static "master/replica" configurations of client libraries do this.
 */
export default {
  name: 'any-primary',
  topologies: ['sentinel'],
  open(env) {
    const { password, sentinel } = env.endpoints
    const sentinelPorts = new Set(sentinel!.nodes.map(({ port }) => port))
    const clients = Object.values(sentinel!.natMap)
      .filter(({ port }) => !sentinelPorts.has(port))
      .map((address) => {
        const options = { commandTimeout: timeoutMs, maxRetriesPerRequest: 0, enableOfflineQueue: false }
        const client = new Redis({ ...address, password, ...options, retryStrategy: () => 100 })
        return client.on('error', () => {})
      })

    let primary: Redis | undefined
    const find = async () => {
      const roles = await Promise.all(clients.map((client) => client.role().catch(() => [''])))
      primary = clients[roles.findIndex(([role]) => role === 'master')] ?? primary
    }
    const finding = setInterval(() => void find(), askAgainMs)
    const known = () => {
      if (primary) return primary
      throw definite(new Error('no node says that it is the primary'))
    }
    return {
      acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const token = randomUUID()
        return retrying({ waitMs, signal }, async () => {
          const redis = known()
          const reply = await attempt(redis, () => redis.set(key, token, 'PX', ttlMs, 'NX'))
          return reply === 'OK' ? { key, token } : null
        })
      },
      async release({ key, token }: Held) {
        const redis = known()
        return (await attempt(redis, () => releaseIfMine(redis, [key], token))) === 1
      },
      close() {
        clearInterval(finding)
        for (const client of clients) client.disconnect()
      },
    }
  },
} satisfies Lock
