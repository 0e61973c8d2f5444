import { readFileSync } from 'node:fs'
import type { Redis } from 'ioredis'
import { internalPrefix } from '../history/internal.ts'

const fillScript = readFileSync(new URL('./filler.lua', import.meta.url), 'utf8')
const scanCount = '1000'

/** Keys of the harness' own that take up a node's memory; no observer records them and no file or replica gets them. */
export interface Filler {
  keys: number
  bytesEach: number
  /** No expiry without it: the leak of seed 000. */
  ttlMs?: number
}

/** Writes new keys, named from `first` on. Rejects as any write does: with OOM, or because the node died of it. */
export async function fill(admin: Redis, first: number, { keys, bytesEach, ttlMs = 0 }: Filler): Promise<void> {
  await admin.eval(fillScript, 0, `${internalPrefix}filler:`, first, keys, bytesEach, ttlMs)
}

/** Removes all of them and says how many there were. */
export async function removeFiller(admin: Redis): Promise<number> {
  let removed = 0
  let cursor = '0'
  do {
    const [next, keys] = await admin.scan(cursor, 'MATCH', `${internalPrefix}*`, 'COUNT', scanCount)
    if (keys.length > 0) removed += await admin.unlink(keys)
    cursor = next
  } while (cursor !== '0')
  return removed
}

/** A write of the harness' own: undefined where it is taken, else the first sentence with which it is refused. */
export async function refusalOfWrite(admin: Redis): Promise<string | undefined> {
  const key = `${internalPrefix}probe`
  try {
    await admin.set(key, '1', 'PX', 10_000)
    await admin.del(key)
    return undefined
  } catch (error) {
    return (error as Error).message.split(/\.(\s|$)/, 1)[0]!
  }
}
