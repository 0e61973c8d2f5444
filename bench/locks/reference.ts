import reference from '../../src/locks/reference/index.ts'
import type { Lock } from '../../src/locks/lock.ts'
import { type Contender, foreverMs, ttlMs } from './contender.ts'

/** The house's own, through the contract that every lock under test has. */
export default {
  title: 'picklock/reference',
  waits: 'its own way',
  quorum: true,
  async open(env) {
    const lock = await (reference as Lock).open(env)
    const { signal } = new AbortController()
    return {
      async acquire(key) {
        const grant = await lock.acquire(key, { ttlMs, waitMs: foreverMs, signal })
        if (grant === null) throw new Error('it gave up')
        return () => lock.release(grant)
      },
    }
  },
} satisfies Contender
