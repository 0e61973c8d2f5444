import { attempt } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { luaScript } from '../lua.ts'
import { plain } from '../plain.ts'

const addIfMine = luaScript(import.meta.url, 'add-if-mine.lua')

/**
 * Bug: an extension adds to what is left of the lease instead of replacing it, so a holder that extends early and often piles up minutes. Nobody notices until it
 * dies, and all of that time has to be sat out. The default of redis-py's `Lock.extend` (`replace_ttl=False`).
 */
export default {
  name: 'additive-extend',
  topologies: ['single', 'sentinel'],
  capabilities: { extend: true },
  open(env) {
    const redis = env.connect()
    return {
      ...plain(redis),
      async extend({ key, token }: Held, ttlMs: number) {
        return (await attempt(redis, () => addIfMine(redis, [key], token, ttlMs))) === 1
      },
    }
  },
} satisfies Lock
