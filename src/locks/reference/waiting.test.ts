import { expect, test } from 'vitest'
import { definite } from '../definite.ts'
import { openBreaker } from './breaker.ts'
import type { Busy, Strategy, Taken, Turn } from './strategy.ts'
import type { Lease } from './lease.ts'
import { waitingRoom } from './waiting.ts'

const busy: Busy = { taken: false, heldForMs: 60_000, inLine: true }

/** A Redis that another process may hold, and that tells what it was asked. */
function played() {
  const asked: string[] = []
  let holder: string | undefined
  let failure: Error | undefined
  let turn: Turn = () => {}
  const taken = (token: string): Taken => {
    holder = token
    return { taken: true, validUntilMs: performance.now() + 5000 }
  }
  const strategy: Strategy = {
    name: 'single',
    reusesTokens: true,
    async tryAcquire(_key, token, _ttlMs, line) {
      asked.push(`try ${line}`)
      if (failure) throw failure
      return holder === undefined || holder === token ? taken(token) : busy
    },
    async handOver(_key, token, next, yields) {
      asked.push(yields ? 'hand over, others first' : 'hand over')
      if (failure) throw failure
      const released = holder === token
      return { released, next: released ? taken(next.token) : busy }
    },
    async release(_key, token) {
      asked.push('release')
      if (holder !== token) return false
      holder = undefined
      return true
    },
    extend: async () => false,
    cleanUp: () => void asked.push('clean up'),
    pass: async () => void asked.push('pass'),
    onTurn: (listener) => void (turn = listener),
    ready: Promise.resolve(),
    close: async () => {},
  }
  return {
    strategy,
    asked,
    turn: (key?: string) => turn(key),
    otherTakes: () => void (holder = 'other'),
    otherFrees: () => void (holder = undefined),
    fails: (error?: Error) => void (failure = error),
    holder: () => holder,
  }
}

const want = (more: { waitMs?: number; signal?: AbortSignal } = {}) => ({
  key: 'k',
  ttlMs: 5000,
  waitMs: 10_000,
  signal: undefined,
  startedMs: performance.now(),
  attempts: 0,
  ...more,
})

test('first come, first served, one request for each', async () => {
  const { strategy, asked } = played()
  const room = waitingRoom(strategy, undefined, Infinity)
  const order: number[] = []
  await Promise.all(
    [0, 1, 2, 3, 4].map(async (index) => {
      const lease = (await room.acquire(want()))!
      order.push(index)
      await room.release(lease)
    }),
  )
  expect(order).toEqual([0, 1, 2, 3, 4])
  expect(asked).toEqual(['try end', 'hand over', 'hand over', 'hand over', 'hand over', 'release'])
})

test('after two dozen grants others go first', async () => {
  const { strategy, asked } = played()
  const room = waitingRoom(strategy, undefined, Infinity)
  await Promise.all(Array.from({ length: 60 }, async () => room.release((await room.acquire(want()))!)))
  const yields = asked.flatMap((what, index) => (what === 'hand over, others first' ? [index] : []))
  expect(yields).toEqual([24, 48])
})

test('a hundred waiters, one of them on Redis (36)', async () => {
  const redis = played()
  redis.otherTakes()
  const room = waitingRoom(redis.strategy, undefined, Infinity)
  const all = Array.from({ length: 100 }, () => room.acquire(want()))
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(redis.asked).toEqual(['try end'])
  redis.otherFrees()
  redis.turn('k')
  expect(await all[0]).toMatchObject({ key: 'k' })
  expect(redis.asked).toEqual(['try end', 'try front'])
  await room.close()
  await Promise.allSettled(all)
})

test('news that overtakes the answer is not missed (31)', async () => {
  const redis = played()
  redis.otherTakes()
  const room = waitingRoom(redis.strategy, undefined, Infinity)
  const waiting = room.acquire(want())
  // The answer, which says that it is held, is on its way.
  redis.otherFrees()
  redis.turn('k')
  expect(await waiting).not.toBeNull()
  expect(redis.asked).toEqual(['try end', 'try front'])
})

test('a turn that nobody waits for any more goes to the next process', async () => {
  const redis = played()
  redis.otherTakes()
  const room = waitingRoom(redis.strategy, undefined, Infinity)
  expect(await room.acquire(want({ waitMs: 5 }))).toBeNull()
  redis.turn('k')
  expect(redis.asked).toEqual(['try end', 'pass'])
})

test('cancelled at once, and the lock that was under way goes on to the next', async () => {
  const redis = played()
  const room = waitingRoom(redis.strategy, undefined, Infinity)
  const cancel = new AbortController()
  const cancelled = room.acquire(want({ signal: cancel.signal }))
  const next = room.acquire(want())
  cancel.abort(new Error('enough'))
  await expect(cancelled).rejects.toThrow('enough')
  const lease = (await next) as Lease
  expect(redis.holder()).toBe(lease.token)
  await room.release(lease)
  expect(redis.holder()).toBeUndefined()
})

test('one try means one try', async () => {
  const redis = played()
  redis.otherTakes()
  const room = waitingRoom(redis.strategy, undefined, Infinity)
  const asked = want({ waitMs: 0 })
  expect(await room.acquire(asked)).toBeNull()
  expect(redis.asked).toEqual(['try none'])
  expect(asked.attempts).toBe(1)
})

test('an outage is waited out, and told when the time is over: to those who were sent, as it is, to the others definitely', async () => {
  const redis = played()
  redis.fails(new Error('reply lost'))
  const room = waitingRoom(redis.strategy, undefined, Infinity)
  const [sent, notSent, patient] = [
    room.acquire(want({ waitMs: 60 })),
    room.acquire(want({ waitMs: 30 })),
    room.acquire(want()),
  ]
  const failures = (await Promise.allSettled([sent, notSent])).map(
    (each) => (each as PromiseRejectedResult).reason as object,
  )
  expect(failures[0]).not.toHaveProperty('definite')
  expect(failures[1]).toMatchObject({ message: 'reply lost', definite: true })
  expect(redis.asked).toContain('clean up')
  redis.fails()
  expect(await patient).not.toBeNull()
})

test('the token of a try that is being undone is not used again: the undoing may come late', async () => {
  const redis = played()
  const tokens: string[] = []
  const answers: (Error | Busy | Taken)[] = [
    new Error('reply lost'),
    { taken: false, heldForMs: 1, inLine: true, spent: true },
    { taken: false, heldForMs: 1, inLine: true },
    { taken: true, validUntilMs: performance.now() + 5000 },
  ]
  const strategy: Strategy = {
    ...redis.strategy,
    reusesTokens: false,
    async tryAcquire(_key, token) {
      tokens.push(token)
      const answer = answers.shift()!
      if (answer instanceof Error) throw answer
      return answer
    },
  }
  const room = waitingRoom(strategy, undefined, Infinity)
  const lease = (await room.acquire(want()))!
  expect(new Set(tokens).size).toBe(3)
  expect(tokens[2]).toBe(tokens[3])
  expect(lease.token).toBe(tokens[3])
  expect(redis.asked).toContain('clean up')
})

test('patience, and an open breaker, end the waiting early', async () => {
  const redis = played()
  redis.fails(definite(new Error('refused')))
  const impatient = waitingRoom(redis.strategy, undefined, 50)
  await expect(impatient.acquire(want())).rejects.toMatchObject({ message: 'refused', definite: true })
  const breaker = openBreaker({ minimumTries: 2 })
  const guarded = waitingRoom(redis.strategy, breaker, Infinity)
  await expect(guarded.acquire(want())).rejects.toMatchObject({ name: 'BreakerOpenError', definite: true })
})

test('a refused hand-over still releases (13)', async () => {
  const redis = played()
  const room = waitingRoom(redis.strategy, undefined, Infinity)
  const lease = (await room.acquire(want()))!
  const next = room.acquire(want())
  redis.fails(definite(new Error('OOM')))
  expect(await room.release(lease)).toBe(true)
  redis.fails()
  expect(await next).not.toBeNull()
})
