import type { Redis } from 'ioredis'

const scanCount = 1000

/** The keys of a node that match a glob, looked for without holding it up. At most about `keysMax` of them. */
export async function keysLike(redis: Redis, glob: string, keysMax = Infinity): Promise<string[]> {
  const found = new Set<string>()
  let cursor = '0'
  do {
    const [next, keys] = await redis.scan(cursor, 'MATCH', glob, 'COUNT', scanCount)
    for (const key of keys) found.add(key)
    cursor = next
  } while (cursor !== '0' && found.size < keysMax)
  return [...found]
}
