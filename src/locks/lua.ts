import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Redis } from 'ioredis'

/** Runs a script: its keys, then its other arguments. */
export type Script = (redis: Redis, keys: string[], ...args: (string | number)[]) => Promise<unknown>

/** A script and the name under which servers know it. */
export interface LuaSource {
  source: string
  sha: string
}

/** The Lua script in the file beside the caller (`import.meta.url`), or in several: what scripts share goes before. */
export function luaSource(besideUrl: string, ...files: string[]): LuaSource {
  const source = files.map((file) => readFileSync(new URL(file, besideUrl), 'utf8')).join('\n')
  return { source, sha: createHash('sha1').update(source).digest('hex') }
}

/** A server does not have the script yet (a new one, or a promoted replica); it says so before anything ran. */
export const isMissing = (error: unknown) => error instanceof Error && error.message.startsWith('NOSCRIPT')

/**
 * The Lua script in the file beside the caller (`luaScript(import.meta.url, 'release.lua')`). Sent as EVALSHA; a server that does not
 * have it gets it whole.
 */
export function luaScript(besideUrl: string, ...files: string[]): Script {
  const { source, sha } = luaSource(besideUrl, ...files)
  return async (redis, keys, ...args) => {
    try {
      return await redis.evalsha(sha, keys.length, ...keys, ...args)
    } catch (error) {
      if (!isMissing(error)) throw error
      return redis.eval(source, keys.length, ...keys, ...args)
    }
  }
}
