import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Redis } from 'ioredis'

/** Runs a script: its keys, then its other arguments. */
export type Script = (redis: Redis, keys: string[], ...args: (string | number)[]) => Promise<unknown>

/**
 * The Lua script in the file beside the caller (`luaScript(import.meta.url, 'release.lua')`), or in several: what scripts share goes
 * before. Sent as EVALSHA; a server that does not have it yet (a new one, or a promoted replica) says NOSCRIPT, before anything ran, and
 * gets it whole.
 */
export function luaScript(besideUrl: string, ...files: string[]): Script {
  const source = files.map((file) => readFileSync(new URL(file, besideUrl), 'utf8')).join('\n')
  const sha = createHash('sha1').update(source).digest('hex')
  return async (redis, keys, ...args) => {
    try {
      return await redis.evalsha(sha, keys.length, ...keys, ...args)
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
      return redis.eval(source, keys.length, ...keys, ...args)
    }
  }
}
