import { readFileSync } from 'node:fs'
import type { LockEnv } from '../../src/locks/lock.ts'

/** A lock of the comparison. It waits by its own means and has its own defaults, but for two things: it never gives up, and the TTL. */
export interface Contender {
  /** What it is: package and version. */
  title: string
  /** How somebody waits who does not get it at once. */
  waits: string
  /** It has a form for several independent nodes. */
  quorum: boolean
  /** Once per server process. */
  open(env: LockEnv): Promise<OpenContender> | OpenContender
}

export interface OpenContender {
  /** Resolves when the lock is ours, to the function that frees it. */
  acquire(key: string): Promise<() => Promise<unknown>>
}

/** Seed 003's. No lock is held for nearly as long, so nobody has to extend. */
export const ttlMs = 5_000

/** Longer than a whole run. */
export const foreverMs = 600_000

export function packageTitle(folder: string): string {
  const file = new URL(`../../node_modules/${folder}/package.json`, import.meta.url)
  const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as { name: string; version: string }
  return `${name} ${version.replace(/^v/, '')}`
}

/** One client for each logical Redis, with ioredis' defaults. */
export const clients = (env: LockEnv) => Array.from({ length: env.size }, (_, node) => env.connect(node))
