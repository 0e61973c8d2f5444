/**
 * One server process of the comparison: opens one lock and does with it what the bench asks for over the IPC channel. A fresh process
 * for each lock and round, so that no lock runs on what another one left behind.
 */
import { openSync, readSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { monotonicNs } from '../../src/lib/clock.ts'
import { connected } from '../../src/locks/connected.ts'
import { lockEnv } from '../../src/locks/env.ts'
import type { Endpoints, LockEnv, TopologyKind } from '../../src/locks/lock.ts'
import type { OpenContender } from './contender.ts'
import { cycles } from './cycles.ts'
import { type ContenderName, contenders } from './index.ts'
import type { Turn } from './measures.ts'
import { observeWire, type Wire } from './wire.ts'

const warmUps = 20

let env: LockEnv
let lock: OpenContender
let own: Redis

async function pingMs(): Promise<number> {
  const sentAtMs = performance.now()
  await own.ping()
  return performance.now() - sentAtMs
}

const tasks = {
  async open(given: { contender: ContenderName; topology: TopologyKind; server: string; endpoints: Endpoints }) {
    const { topology, server, endpoints } = given
    env = lockEnv({ endpoints, topology, server, options: {}, log: (text) => console.error(text) })
    own = env.connect(0)
    await connected(own, 10_000)
    const contender = await contenders[given.contender]()
    lock = await contender.open(env)
    // Connections, scripts and compiled code, on a key of this server's own.
    for (let count = 0; count < warmUps; count++) await (await lock.acquire(`warm-up:${server}`))()
  },

  /** Round trips of PING in ms, one after the other, with a pause before each. */
  async ping({ count, everyMs }: { count: number; everyMs: number }): Promise<number[]> {
    const times: number[] = []
    for (let index = 0; index < count; index++) {
      if (everyMs > 0) await sleep(everyMs)
      times.push(await pingMs())
    }
    return times
  },

  async wire(): Promise<Wire> {
    // What comes with a key's first time is no part of a cycle.
    await (
      await lock.acquire('wire')
    )()
    return observeWire(own, () => lock.acquire('wire'))
  },

  /**
   * `users` who all ask at `startNs`. Whoever has the lock reads the counter, stays, and writes it one higher. After `limitMs` it tells
   * what it has so far; the rest goes on until the process ends.
   */
  async stampede(given: {
    key: string
    users: number
    holdMs: number
    startNs: string
    limitMs: number
    counterFile: string
    /** PINGs meanwhile, so often: what a round trip takes to this very process in this very run. */
    pingEveryMs?: number
  }): Promise<{ turns: Turn[]; pingsMs: number[] }> {
    const startNs = BigInt(given.startNs)
    const now = () => Number(monotonicNs() - startNs)
    const turns: Turn[] = []
    const counter = openSync(given.counterFile, 'r+')
    const word = new BigInt64Array(1)

    async function user() {
      const asked = now()
      const free = await lock.acquire(given.key)
      const granted = now()
      readSync(counter, word, 0, 8, 0)
      const seen = word[0]!
      await sleep(given.holdMs)
      word[0] = seen + 1n
      writeSync(counter, word, 0, 8, 0)
      const releasing = now()
      await free()
      turns.push({ server: env.server, asked, granted, releasing, released: now() })
    }

    await sleep(Math.max(0, -now() / 1e6 - 2))
    while (now() < 0);
    const over = new AbortController()
    const pingsMs: number[] = []
    async function ping(everyMs: number) {
      while (!over.signal.aborted) {
        // At no particular moment of anybody's hold.
        await sleep(everyMs * (0.5 + Math.random()), undefined, { signal: over.signal }).catch(() => {})
        if (!over.signal.aborted) pingsMs.push(await pingMs())
      }
    }
    if (given.pingEveryMs) void ping(given.pingEveryMs)
    const everybody = Promise.all(Array.from({ length: given.users }, user))
    await Promise.race([everybody, sleep(given.limitMs, undefined, { signal: over.signal })])
    over.abort()
    return { turns, pingsMs }
  },

  cycles: (given: { lanes: number; sliceMs: number; slices: number; wire: Wire }) =>
    cycles({ ...given, lock, connect: () => env.connect(0) }),
}

/** What the bench may ask a worker for. */
export type Tasks = typeof tasks

process.on('message', ({ task, given }: { task: keyof Tasks; given: never }) => {
  Promise.resolve(tasks[task](given)).then(
    (done: unknown) => process.send!({ done }),
    (error: unknown) => process.send!({ failed: error instanceof Error ? error.message : String(error) }),
  )
})
process.on('disconnect', () => process.exit())
