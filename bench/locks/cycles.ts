import type { Redis } from 'ioredis'
import { luaScript } from '../../src/locks/lua.ts'
import { connected } from '../../src/locks/connected.ts'
import { type OpenContender, ttlMs } from './contender.ts'
import type { Wire } from './wire.ts'

const releaseIfMine = luaScript(new URL('../../src/locks/', import.meta.url).href, 'release.lua')

/** Cycles per second of each loop, slice by slice: the loops take turns, so that what disturbs one disturbs all. */
export interface Cycles {
  lock: number[]
  /** SET NX PX and compare-and-delete: the least that is a lock. */
  plain: number[]
  /** SET NX PX and DEL: no lock, no script. */
  bare: number[]
  /** The lock's own commands, sent word by word without the lock: what is left is the cost of its code in this process. */
  replayed: number[]
}

type Loop = (lane: number) => Promise<unknown>

/** Acquire and release without contention, `lanes` at once, each on a key of its own. */
export async function cycles(given: {
  lock: OpenContender
  connect: () => Redis
  lanes: number
  sliceMs: number
  slices: number
  wire: Wire
}): Promise<Cycles> {
  const redis = given.connect()
  await connected(redis, 10_000)
  try {
    const commands = [...given.wire.acquire, ...given.wire.release]
    const perCycle = Math.max(1, commands.length)
    const lanesOf = commands.map((command) =>
      Array.from({ length: given.lanes }, (_, lane) =>
        command.map((word) => word.replaceAll('wire', `replayed:${lane}`)),
      ),
    )
    const loops = {
      lock: async (lane) => (await given.lock.acquire(`lock:${lane}`))(),
      plain: async (lane) => {
        await redis.set(`plain:${lane}`, 'token', 'PX', ttlMs, 'NX')
        await releaseIfMine(redis, [`plain:${lane}`], 'token')
        for (let more = 2; more < perCycle; more++) await redis.get(`plain:${lane}`)
      },
      bare: async (lane) => {
        await redis.set(`bare:${lane}`, 'token', 'PX', ttlMs, 'NX')
        await redis.del(`bare:${lane}`)
        for (let more = 2; more < perCycle; more++) await redis.get(`bare:${lane}`)
      },
      replayed: async (lane) => {
        for (const lanes of lanesOf) await redis.call(...(lanes[lane] as [string, ...string[]]))
      },
    } satisfies Record<keyof Cycles, Loop>

    const rates: Cycles = { lock: [], plain: [], bare: [], replayed: [] }
    const names = Object.keys(rates) as (keyof Cycles)[]
    for (const name of names) await rate(loops[name], given.lanes, given.sliceMs)
    for (let slice = 0; slice < given.slices; slice++)
      for (const name of slice % 2 === 0 ? names : names.toReversed())
        rates[name].push(await rate(loops[name], given.lanes, given.sliceMs))
    return rates
  } finally {
    redis.disconnect()
  }
}

async function rate(loop: Loop, lanes: number, sliceMs: number): Promise<number> {
  const startMs = performance.now()
  const endMs = startMs + sliceMs
  let done = 0
  async function run(lane: number) {
    for (; performance.now() < endMs; done++) await loop(lane)
  }
  await Promise.all(Array.from({ length: lanes }, (_, lane) => run(lane)))
  return (done * 1000) / (performance.now() - startMs)
}
