import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import type { Lock } from '../../src/locks/lock.ts'
import reference from '../../src/locks/reference/index.ts'

/** Timers are no finer; what is left of a pause is spent turn by turn. */
const timerMs = 1.2

/**
 * The reference lock with acquires that take longer by a share (`env.options.share`, 0.2 where nothing is said): before each it waits for that share of
 * what the one before took, so that nobody's wait is longer for another one's pause.
 */
export default {
  ...reference,
  name: 'slower',
  async open(env) {
    const { share = 0.2, ...options } = env.options as { share?: number }
    const lock = await reference.open({ ...env, options })
    let lastMs = 0
    return {
      ...lock,
      async acquire(key, given) {
        await pauseUntil(performance.now() + share * lastMs)
        const startMs = performance.now()
        const grant = await lock.acquire(key, given)
        lastMs = performance.now() - startMs
        return grant
      },
    }
  },
} satisfies Lock

async function pauseUntil(endMs: number): Promise<void> {
  const wholeMs = Math.floor(endMs - performance.now() - timerMs)
  if (wholeMs >= 1) await sleep(wholeMs)
  while (performance.now() < endMs) await turn()
}
