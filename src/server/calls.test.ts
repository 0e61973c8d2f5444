import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Observation } from '../history/recorder.ts'
import type { Grant, OpenLock } from '../locks/lock.ts'
import type { Timed } from '../locks/timed.ts'
import { acquire, extend, release, type Counter } from './calls.ts'
import { Deadline } from './deadline.ts'
import { Lease } from './lease.ts'
import { Tally } from './tally.ts'
import { Turns } from './turns.ts'

const deadlineMs = 20
/** Well after any deadline here. */
const longMs = 150

function counterOf(lock: Partial<OpenLock>) {
  const events: Observation[] = []
  let ops = 0
  const counter: Counter = {
    lock: { acquire: () => Promise.resolve({}), release: () => Promise.resolve(true), ...lock },
    ttlMs: 1000,
    waitMs: 0,
    startNs: 1000n,
    record: (event) => void events.push(event),
    nextOp: () => ++ops,
    tally: new Tally(() => {}),
    turns: { lagNs: () => undefined },
    acquireDeadline: new Deadline(deadlineMs),
    deadline: new Deadline(deadlineMs),
  }
  return { counter, events }
}

const never = () => new Promise<never>(() => {})
const held = (grant: Grant) => ({ op: 1, key: 'k', grant, fence: undefined })

test('a call without an answer is indeterminate and unsettled, and its signal fires', async () => {
  let signal: AbortSignal | undefined
  const { counter, events } = counterOf({
    acquire: (_, options) => {
      signal = options.signal
      return never()
    },
    release: never,
    extend: never,
  })
  expect(await acquire(counter, 'p', 'k')).toMatchObject({ outcome: 'indeterminate' })
  expect(signal?.aborted).toBe(true)
  expect(await extend(counter, 'p', held({}))).toEqual({ answer: 'unknown' })
  await release(counter, 'p', held({}))
  expect(events.filter(({ type }) => type === 'info')).toMatchObject([
    { f: 'acquire', unsettled: true },
    { f: 'extend', unsettled: true },
    { f: 'release', unsettled: true },
  ])
})

test('a grant that comes after the deadline is given back, and that is recorded', async () => {
  const { counter, events } = counterOf({ acquire: () => sleep(longMs, { token: 'late' }) })
  await acquire(counter, 'p', 'k')
  await sleep(2 * longMs)
  expect(events.map(({ f, type }) => `${f} ${type}`)).toEqual([
    'acquire invoke',
    'acquire info',
    'release invoke',
    'release ok',
  ])
  expect(events[2]).toMatchObject({ grant: 1 })
  expect(counter.tally.holding).toEqual([])
})

test('a rejection after the deadline is nobody’s unhandled rejection', async () => {
  const { counter } = counterOf({ acquire: () => sleep(longMs).then(() => Promise.reject(new Error('late'))) })
  await acquire(counter, 'p', 'k')
  await sleep(2 * longMs)
})

test.each([
  ['definite', { definite: true }, { type: 'fail', error: 'unavailable: no' }],
  ['anything else', {}, { type: 'info', error: 'no' }],
  ['a program’s own deadline', { unsettled: true }, { type: 'info', error: 'no', unsettled: true }],
])('a throw, %s', async (_, marks, event) => {
  const fails = () => Promise.reject(Object.assign(new Error('no'), marks))
  const { counter, events } = counterOf({ acquire: fails, release: fails, extend: fails })
  await acquire(counter, 'p', 'k')
  await extend(counter, 'p', held({}))
  await release(counter, 'p', held({}))
  expect(events.filter(({ type }) => type !== 'invoke')).toMatchObject([event, event, event])
})

test('a lock that throws what is no Error, answers at once, or is a thenable of its own', async () => {
  const thenable = class {
    // oxlint-disable-next-line no-thenable -- a promise of an older library
    then(give: (value: boolean) => void) {
      give(true)
    }
  }
  const odd = counterOf({
    acquire: () => {
      // oxlint-disable-next-line no-throw-literal, only-throw-error -- what a careless lock does
      throw 'text'
    },
    release: (() => false) as unknown as OpenLock['release'],
    extend: () => new thenable() as unknown as Promise<boolean>,
  })
  expect(await acquire(odd.counter, 'p', 'k')).toMatchObject({ outcome: 'indeterminate', message: 'text' })
  await release(odd.counter, 'p', held({}))
  expect(odd.events.at(-1)).toMatchObject({ type: 'fail', error: 'not held' })
  expect(await extend(odd.counter, 'p', held({}))).toEqual({ answer: 'extended', validForMs: 1000 })
})

test('the lock’s own time stands in the history, and the lag where it has none', async () => {
  const grants: (Grant & Timed)[] = [{ at: 5000n, fence: 12n, validForMs: 7 }, { lagNs: 33 }]
  const { counter, events } = counterOf({
    acquire: () => Promise.resolve(grants.shift()!),
    extend: () => Promise.resolve({ at: 6000n, validForMs: 8 } as { validForMs: number }),
  })
  await acquire(counter, 'p', 'k')
  await acquire(counter, 'p', 'k')
  await extend(counter, 'p', held({}))
  const [first, second, extended] = events.filter(({ type }) => type === 'ok')
  expect(first).toMatchObject({ t: 4000, fence: '12', validForMs: 7 })
  expect(second).toMatchObject({ lagNs: 33 })
  expect(extended).toMatchObject({ t: 5000, validForMs: 8 })
})

test('a lost signal: recorded once at its own time, and not after the end', async () => {
  const { counter, events } = counterOf({})
  const lost = new AbortController()
  const lease = new Lease(counter, 'p', held({ lost: lost.signal }), { extends: false })
  lost.abort(Object.assign(new Error('gone'), { at: 9000n }))
  expect(lease.lost).toBe(true)
  expect(events).toMatchObject([{ f: 'lost', type: 'info', grant: 1, t: 8000 }])

  const later = new AbortController()
  new Lease(counter, 'p', held({ lost: later.signal }), { extends: false }).end()
  later.abort()
  expect(events.length).toBe(1)
})

test('a lease is extended at each half of its validity', async () => {
  let extensions = 0
  const { counter } = counterOf({
    extend: () => {
      extensions++
      return Promise.resolve(true)
    },
  })
  counter.ttlMs = 100
  const lease = new Lease(counter, 'p', held({ validForMs: 100 }), { extends: true })
  const startMs = performance.now()
  await lease.work(500, { obeysLost: true })
  expect(extensions).toBeGreaterThanOrEqual(2)
  // However late the work ended: one in 50 ms, and a timer may fire a millisecond early.
  expect(extensions).toBeLessThanOrEqual((performance.now() - startMs) / 49)
})

test.each<[what: string, grant: object, said: string | undefined]>([
  ['a lost that is no signal', { lost: true }, "a grant's lost is true, which is no AbortSignal"],
  [
    'a validity that is no number',
    { validForMs: Number.NaN },
    "a grant's validForMs is NaN, which is no number of milliseconds",
  ],
  [
    'a validity as a bigint',
    { validForMs: 2700n },
    "a grant's validForMs is 2700n, which is no number of milliseconds",
  ],
  ['a validity as text', { validForMs: '2700' }, "a grant's validForMs is '2700', which is no number of milliseconds"],
  ['a token that is no string', { token: 7 }, "a grant's token is 7, which is no string"],
  ['null, which is absent', { token: null, fence: null, validForMs: null, lost: null }, undefined],
  ['a signal of a package', { lost: Object.assign(new EventTarget(), { aborted: false }) }, undefined],
])('the work goes on under a grant with %s, and it is told once', async (_, grant, said) => {
  const { counter, events } = counterOf({})
  for (let i = 0; i < 2; i++) {
    const lease = new Lease(counter, 'server-1/vu-1', held(grant as Grant), { extends: true })
    await lease.work(1, { obeysLost: true })
    lease.end()
    expect(lease.lost).toBe(false)
  }
  expect(events.map(({ f, error }) => [f, error])).toEqual(said === undefined ? [] : [['adapter', said]])
})

test("an answer that the contract does not know is told once, and is nobody's grant", async () => {
  const odd = counterOf({
    acquire: (() => Promise.resolve(undefined)) as unknown as OpenLock['acquire'],
    extend: (() => Promise.resolve(undefined)) as unknown as NonNullable<OpenLock['extend']>,
  })
  expect(await acquire(odd.counter, 'p', 'k')).toMatchObject({ outcome: 'indeterminate' })
  expect(await extend(odd.counter, 'p', held({}))).toEqual({ answer: 'unknown' })
  const flaws = odd.events.filter(({ f }) => f === 'adapter')
  expect(flaws).toMatchObject([{ event: 'contract', error: expect.stringContaining('acquire resolved to undefined') }])
})

test('a process that stood still reads what has come before it calls a call unsettled', async () => {
  const deadline = new Deadline(300)
  const answer = deadline.within(() => sleep(100, 'in time'))
  const untilMs = performance.now() + 600
  while (performance.now() < untilMs);
  expect(await answer).toBe('in time')
})

test.each([
  ['what lies between a claim and its event goes with it', 60, 2700, { atLeastNs: 55e6 }],
  ['what a lock claims nothing of is not late', 60, undefined, undefined],
  ['a quarter of a second is the most that is excused', 400, 2700, { atLeastNs: 250e6 }],
])('a server that loses its core in the middle of a turn: %s', async (_, busyMs, validForMs, late) => {
  using turns = new Turns()
  const { counter, events } = counterOf({
    async acquire() {
      await sleep(20)
      for (const untilMs = performance.now() + busyMs; performance.now() < untilMs;);
      return validForMs === undefined ? { token: 't' } : { token: 't', validForMs }
    },
  })
  counter.acquireDeadline = new Deadline(longMs * 10)
  await acquire({ ...counter, turns }, 'p', 'k')
  const { claimLagNs } = events[1] as { claimLagNs?: number }
  if (late === undefined) expect(claimLagNs).toBeUndefined()
  else expect(claimLagNs).toBeGreaterThanOrEqual(late.atLeastNs)
  expect(claimLagNs ?? 0).toBeLessThanOrEqual(250e6)
})
