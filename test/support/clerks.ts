import { setTimeout as sleep } from 'node:timers/promises'
import { isDefinite, type AcquireOptions, type Locks } from '../../src/locks/reference/locks.ts'

/** What became of one request, with times by performance.now(). */
export interface Served {
  server: number
  startedMs: number
  endedMs: number
  outcome: 'granted' | 'contended' | 'refused' | 'doubt'
  error?: Error
}

export interface Trade {
  served: Served[]
  /** How often one was inside while another was, of another server or of the same one. */
  overlaps: { apart: number; together: number }
  /** Grants whose fence was not larger than all before, of one key. */
  fencesBack: number
  grants: number
}

export interface Clerks {
  locks: Locks[]
  keys: string[]
  perServer: number
  /** Asked before each round. */
  goOn: () => boolean
  asked: AcquireOptions
  workMs: number
  pauseMs?: number
}

/** As long as a number of ms, from now on. */
export function forMs(ms: number): () => boolean {
  const endMs = performance.now() + ms
  return () => performance.now() < endMs
}

/** Clerks of several servers, all in this process, who want the same keys again and again; what happens inside is seen exactly. */
export async function trade({ locks, keys, perServer, goOn, asked, workMs, pauseMs = 0 }: Clerks): Promise<Trade> {
  const inside = new Map<string, number[]>(keys.map((key) => [key, []]))
  const fences = new Map<string, bigint>()
  const seen: Trade = { served: [], overlaps: { apart: 0, together: 0 }, fencesBack: 0, grants: 0 }

  function enter(key: string, server: number, fence: string | undefined) {
    const here = inside.get(key)!
    if (here.some((other) => other !== server)) seen.overlaps.apart++
    if (here.includes(server)) seen.overlaps.together++
    here.push(server)
    seen.grants++
    if (fence === undefined) return
    if (BigInt(fence) <= (fences.get(key) ?? 0n)) seen.fencesBack++
    fences.set(key, BigInt(fence))
  }

  function leave(key: string, server: number) {
    const here = inside.get(key)!
    here.splice(here.indexOf(server), 1)
  }

  async function serve(server: number, key: string): Promise<Omit<Served, 'server' | 'startedMs' | 'endedMs'>> {
    try {
      const lock = await locks[server]!.tryAcquire(key, asked)
      if (!lock) return { outcome: 'contended' }
      enter(key, server, lock.fence)
      await sleep(workMs)
      leave(key, server)
      await lock.release().catch(() => {})
      return { outcome: 'granted' }
    } catch (error) {
      return { outcome: isDefinite(error) ? 'refused' : 'doubt', error: error as Error }
    }
  }

  await Promise.all(
    locks.flatMap((_, server) =>
      Array.from({ length: perServer }, async (_, clerk) => {
        for (let round = clerk; goOn(); round++) {
          const startedMs = performance.now()
          const result = await serve(server, keys[round % keys.length]!)
          seen.served.push({ server, startedMs, endedMs: performance.now(), ...result })
          await sleep(pauseMs)
        }
      }),
    ),
  )
  return seen
}
