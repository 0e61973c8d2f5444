import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { plain } from '../plain.ts'

const triesMs = 15

/**
 * Bug: when its time is up it answers "contended" and forgets the SET that is still on its way. If that one succeeds, the key belongs to nobody: it stands in
 * everybody's way until its lease ends, and the watchdog that was started for it sees to it that it never does. An interrupted `tryLock` of Redisson leaves
 * such a lock (redisson#7272), and a call that timed out and is sent later from a client's queue is another way to it (ioredis#2130).
 */
export default {
  name: 'forgets-its-try',
  topologies: ['single', 'sentinel'],
  capabilities: { autoExtend: true },
  open(env) {
    const right = plain(env.connect())
    const watches = new Map<string, NodeJS.Timeout>()

    async function takeAndWatch(held: Held, ttlMs: number): Promise<boolean> {
      if (!(await right.take(held.key, held.token, ttlMs))) return false
      const renew = () => right.extend(held, ttlMs).then((mine) => mine || clearInterval(watches.get(held.token)))
      watches.set(
        held.token,
        setInterval(() => void renew().catch(() => {}), ttlMs / 3),
      )
      return true
    }

    return {
      async acquire(key, { ttlMs, waitMs }): Promise<Held | null> {
        const held = { key, token: randomUUID() }
        const giveUpAt = performance.now() + waitMs
        for (;;) {
          const leftMs = giveUpAt - performance.now()
          const taken = await Promise.race([
            takeAndWatch(held, ttlMs),
            sleep(Math.max(1, leftMs)).then(() => undefined),
          ])
          if (taken === true) return held
          if (taken === undefined || leftMs < triesMs) return null
          await sleep(triesMs)
        }
      },
      async release(held: Held) {
        clearInterval(watches.get(held.token))
        watches.delete(held.token)
        return right.release(held)
      },
      close: () => watches.forEach((watch) => clearInterval(watch)),
    }
  },
} satisfies Lock
