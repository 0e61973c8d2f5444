import { expect, test } from 'vitest'
import { LockBook } from './book.ts'

const limitMs = 10_000

test('events: a lock that is given back, one that never is, one that is renewed', () => {
  const book = new LockBook(limitMs)
  for (const key of ['a', 'b', 'c']) {
    book.event('set', key, 0)
    book.event('expire', key, 0)
  }
  book.event('expire', 'c', 100)
  book.event('set', 'c', 200)
  book.event('expire', 'c', 200)
  book.event('del', 'a', 300)
  book.event('expired', 'b', 5000)
  expect(book.counts).toEqual({ set: 3, renewed: 2, deleted: 1, expired: 1, evicted: 0, unseen: 0 })
  expect(book.held).toBe(1)
  expect(book.takeLeaks()).toEqual([{ what: 'expired', key: 'b', seenForMs: 5000 }])
  expect(book.takeLeaks()).toEqual([])
})

test('events: what has no TTL is asked once it had time to get one, and told once', () => {
  const book = new LockBook(limitMs)
  book.event('set', 'stuck', 0)
  book.event('set', 'long', 0)
  expect(book.unasked(10, 400)).toEqual([])
  expect(book.unasked(10, 600)).toEqual(['stuck', 'long'])
  book.asked('stuck', -1, 600)
  book.asked('long', 60_000, 600)
  expect(book.unasked(10, 700)).toEqual([])
  expect(book.withoutTtl).toBe(1)
  expect(book.takeLeaks().map(({ what, key }) => [what, key])).toEqual([
    ['no-ttl', 'stuck'],
    ['over-limit', 'long'],
  ])
  book.asked('stuck', -1, 800)
  expect(book.takeLeaks()).toEqual([])
  // Its holder sets one after all.
  book.event('expire', 'stuck', 900)
  book.asked('stuck', 3000, 1600)
  expect(book.withoutTtl).toBe(0)
})

test('sampling: gone before its time is deleted, gone after it is expired', () => {
  const book = new LockBook(limitMs)
  const pass = (atMs: number, keys: Record<string, number>) => {
    book.beginPass()
    for (const [key, pttl] of Object.entries(keys)) book.seen(key, pttl, atMs)
    book.endPass(atMs)
  }
  pass(0, { old: 3000 })
  expect(book.counts.set).toBe(0)
  pass(1000, { old: 2000, given: 5000, dead: 900, renewed: 900, stuck: -1 })
  expect(book.counts.set).toBe(4)
  pass(2000, { old: 1000, renewed: 5000, stuck: -1 })
  expect(book.counts).toEqual({ set: 4, renewed: 1, deleted: 1, expired: 1, evicted: 0, unseen: 0 })
  expect(book.takeLeaks().map(({ what, key }) => [what, key])).toEqual([
    ['no-ttl', 'stuck'],
    ['expired', 'dead'],
  ])
  expect(book.withoutTtl).toBe(1)
})

test('after a gap: what is gone is no leak, what is there is no renewal, and what an event tells meanwhile counts', () => {
  const book = new LockBook(limitMs)
  for (const key of ['gone', 'run out', 'taken anew', 'renewed']) book.event('set', key, 0)
  book.asked('run out', 500, 600)
  book.asked('taken anew', 500, 600)
  book.beginPass(true)
  book.seen('taken anew', 9000, 5000)
  book.event('expire', 'renewed', 5000)
  book.event('set', 'new', 5000)
  book.endPass(5100)
  expect(book.counts).toEqual({ set: 5, renewed: 0, deleted: 0, expired: 0, evicted: 0, unseen: 2 })
  expect(book.held).toBe(3)
  expect(book.takeLeaks()).toEqual([])
  // From then on it is seen again.
  book.beginPass()
  book.endPass(5200)
  expect(book.counts).toMatchObject({ deleted: 3, unseen: 2 })
})
