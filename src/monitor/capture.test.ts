import { describe, expect, it } from 'vitest'
import { analyse } from './analysis.ts'
import { Capture } from './capture.ts'
import { renderPage } from './page.ts'
import { renderAnalysis } from './text.ts'

const [a, b, c] = ['10.0.0.4:47060', '10.0.0.5:49362', '10.0.0.6:50000']
const [tokenA, tokenB, tokenC] = ['bb945170-93dc-4d4f', '7405b473-93dc-4d4f', '82b88e7e-93dc-4d4f']
const freeing = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end`
const prolonging = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) else return 0 end`

/** A line of MONITOR, `ms` after the capture's beginning. */
function line(ms: number, client: string, ...words: string[]): string {
  const us = Math.round(1_764_697_261_000_000 + ms * 1000)
  return `${Math.floor(us / 1e6)}.${String(us % 1e6).padStart(6, '0')} [0 ${client}] ${words.map((word) => `"${word.replaceAll('"', String.raw`\"`)}"`).join(' ')}\n`
}

const setNx = (ms: number, client: string, token: string, { key = 'lock:1', ttlMs = 5000 } = {}) =>
  line(ms, client, 'set', key, token, 'PX', String(ttlMs), 'NX')

const released = (ms: number, client: string, token: string, { key = 'lock:1', deleted = true } = {}) =>
  line(ms, client, 'eval', freeing, '1', key, token) +
  line(ms + 0.01, 'lua', 'get', key) +
  (deleted ? line(ms + 0.02, 'lua', 'del', key) : '')

const renewed = (ms: number, client: string, token: string, { done = true } = {}) =>
  line(ms, client, 'eval', prolonging, '1', 'lock:1', token, '5000') +
  line(ms + 0.01, 'lua', 'get', 'lock:1') +
  (done ? line(ms + 0.02, 'lua', 'pexpire', 'lock:1', '5000') : '')

function read(...lines: string[]) {
  const capture = new Capture()
  capture.take(Buffer.from(lines.join(''), 'latin1'))
  capture.end()
  const analysis = analyse(capture, 'test')
  return { capture, analysis, lock: analysis.locks[0]!, notes: analysis.notes }
}

describe('a bare SET NX, which does not tell what it met', () => {
  it('is a grant where the key is free, and a refusal where it is held', () => {
    const { lock } = read(
      setNx(0, a, tokenA),
      setNx(2, b, tokenB),
      setNx(4, b, tokenB),
      released(8, a, tokenA),
      setNx(9, b, tokenB),
      released(12, b, tokenB),
    )
    expect(lock.counts).toMatchObject({
      attempts: 4,
      acquisitions: 2,
      refused: 2,
      released: 2,
      overlaps: 0,
      gave_up: 0,
    })
    expect(
      lock.order.map(({ client, waitedMs, heldMs, attempts, handoffMs }) => [
        client,
        attempts,
        waitedMs,
        heldMs,
        handoffMs,
      ]),
    ).toEqual([
      [a, 1, 0, 8, undefined],
      [b, 3, 7, 3, 1],
    ])
    expect(lock.pattern).toMatchObject({ name: 'set-nx', sure: 'certain' })
    expect(lock.servers.map(({ server, grants }) => [server, grants])).toEqual([
      ['10.0.0.4', 1],
      ['10.0.0.5', 1],
    ])
  })

  it('is a grant from the millisecond after the lease on', () => {
    const { lock } = read(
      setNx(0, a, tokenA, { ttlMs: 100 }),
      setNx(100.9, b, tokenB, { ttlMs: 100 }),
      setNx(101.1, c, tokenC, { ttlMs: 100 }),
      released(110, c, tokenC),
    )
    expect(lock.order.map(({ client, end }) => [client, end])).toEqual([
      [a, 'expired'],
      [c, 'released'],
    ])
  })

  it('was none where its caller comes back after a grant that was inferred at the edge of a lease', () => {
    const { lock } = read(
      setNx(0, a, tokenA, { ttlMs: 100 }),
      setNx(101.2, b, tokenB, { ttlMs: 100 }),
      setNx(103, b, tokenB, { ttlMs: 100 }),
      released(110, b, tokenB),
    )
    expect(lock.counts).toMatchObject({ attempts: 3, acquisitions: 2 })
    expect(lock.order[1]).toMatchObject({ client: b, attempts: 2, atMs: 103, heldMs: 7 })
  })

  it('is proved by a release that deleted: who asked before it had the key, whatever was inferred', () => {
    const { lock, notes } = read(
      // It begins while somebody holds it.
      setNx(0, b, tokenB),
      setNx(1, c, tokenC),
      released(5, a, tokenA),
      setNx(6, c, tokenC),
      setNx(7, b, tokenB),
      released(9, c, tokenC),
    )
    expect(lock.counts).toMatchObject({ attempts: 4, acquisitions: 1, held_before: 1, gave_up: 1 })
    expect(lock.order).toMatchObject([{ client: c, attempts: 2, waitedMs: 5, heldMs: 3 }])
    expect(notes).toContainEqual(expect.stringContaining('lock:1 was held when the capture began'))
  })

  it('may use one mark for all: then the connections tell them apart', () => {
    const { lock } = read(
      line(0, a, 'SETNX', 'lock:1', 'locked'),
      line(0.5, a, 'EXPIRE', 'lock:1', '3'),
      line(1, b, 'SETNX', 'lock:1', 'locked'),
      line(4, a, 'DEL', 'lock:1'),
      line(5, b, 'SETNX', 'lock:1', 'locked'),
      line(9, b, 'DEL', 'lock:1'),
    )
    expect(lock.pattern).toMatchObject({ name: 'setnx-expire', sure: 'likely' })
    expect(lock.counts).toMatchObject({
      attempts: 3,
      acquisitions: 2,
      without_ttl: 1,
      released: 2,
      foreign_releases: 0,
    })
    expect(lock.order.map(({ ttlMs }) => ttlMs)).toEqual([3000, null])
  })

  it('says nothing of who waited where each attempt has a token of its own', () => {
    const { lock, notes } = read(
      setNx(0, a, tokenA),
      setNx(1, b, `${tokenB}1`),
      setNx(2, b, `${tokenB}2`),
      setNx(2.5, b, `${tokenB}2b`),
      released(3, a, tokenA),
      setNx(4, b, `${tokenB}3`),
      released(5, b, `${tokenB}3`),
    )
    expect(lock.counts).toMatchObject({ attempts: 5, acquisitions: 2 })
    expect(lock.latencyMs.acquire_wait).toBeUndefined()
    expect(notes).toContainEqual(expect.stringContaining('has a token of its own'))
  })
})

describe('what must not be', () => {
  const overlong = [
    setNx(0, a, tokenA, { ttlMs: 100 }),
    setNx(50, b, tokenB),
    setNx(150, b, tokenB),
    released(180, a, tokenA, { deleted: false }),
    released(200, b, tokenB),
  ]

  it('is an overlap where a holder comes to free what ran out, and another had it by then', () => {
    const { lock } = read(...overlong)
    expect(lock.counts).toMatchObject({
      acquisitions: 2,
      late_releases: 1,
      released: 1,
      overlaps: 1,
      stray_releases: 0,
    })
    expect(lock.firstOverlap).toMatchObject({
      first: { client: a, heldMs: 180 },
      second: { client: b },
      fromMs: 150,
      forMs: 30,
    })
  })

  it('shows on the page and in the text', () => {
    const { analysis, capture } = read(...overlong)
    const page = renderPage(analysis, capture)
    expect(page).toContain('The first overlap')
    expect(page).toMatch(/"overlaps":\{"count":1,"packed":"[^"]+","of":1\}/)
    expect(renderAnalysis(analysis, { width: 100, color: 0 })).toContain(
      '1 pair of holders at once. First at 0.150 s, for 30 ms',
    )
  })

  it('is the release of another’s lock by DEL', () => {
    const { lock } = read(
      setNx(0, a, 'x', { ttlMs: 100 }),
      setNx(150, b, 'x'),
      line(180, a, 'DEL', 'lock:1'),
      line(200, b, 'DEL', 'lock:1'),
    )
    expect(lock.counts).toMatchObject({
      acquisitions: 2,
      foreign_releases: 1,
      deleted_by_others: 1,
      late_releases: 1,
      overlaps: 1,
    })
    expect(lock.firstForeignRelease).toMatchObject({ atMs: 180, by: '10.0.0.4', of: { client: b } })
  })

  it('is a lock without a TTL, and one that was flushed away', () => {
    const { lock } = read(
      line(0, a, 'SET', 'lock:1', tokenA, 'NX'),
      setNx(1, b, tokenB),
      line(5, c, 'FLUSHALL'),
      setNx(6, b, tokenB),
      released(7, b, tokenB),
    )
    expect(lock.counts).toMatchObject({ attempts: 3, acquisitions: 2, without_ttl: 1, flushed: 1, released: 1 })
  })
})

it('counts renewals, and lets them prolong the lease', () => {
  const { lock } = read(
    setNx(0, a, tokenA),
    renewed(4000, a, tokenA),
    setNx(6000, b, tokenB),
    renewed(6500, b, tokenB, { done: false }),
    released(8000, a, tokenA),
  )
  expect(lock.counts).toMatchObject({ attempts: 2, acquisitions: 1, renewals: 1, released: 1 })
})

describe('a capture that is not as it should be', () => {
  const whole = [setNx(0, a, tokenA), setNx(1, b, tokenB), released(2, a, tokenA)].join('')

  it('may be cut anywhere: what stands before counts, and nothing throws', () => {
    for (let length = 0; length < whole.length; length++) {
      const { analysis } = read(whole.slice(0, length))
      expect(analysis.counts.acquisitions).toBeLessThanOrEqual(1)
      expect(renderAnalysis(analysis, { width: 80, color: 0 })).toContain('test')
    }
    const { notes } = read(whole.slice(0, -12))
    expect(notes).toContainEqual('1 line is cut off and was not counted')
  })

  it('may come in pieces of any size', () => {
    const expected = JSON.stringify(read(whole).analysis)
    for (const size of [1, 7, 64]) {
      const capture = new Capture()
      for (let at = 0; at < whole.length; at += size) capture.take(Buffer.from(whole.slice(at, at + size), 'latin1'))
      capture.end()
      expect(JSON.stringify(analyse(capture, 'test'))).toBe(expected)
    }
  })

  it('has keys and tokens of any bytes, shown as text or as what they are', () => {
    const key = String.raw`l\xc3\xa9:\x00\"\n`
    const { lock } = read(
      line(0, a, 'SET', 'k', 'v', 'NX').replace('"k"', `"${key}"`),
      line(1, b, 'SET', 'k', 'v', 'NX').replace('"k"', `"${key}"`),
    )
    expect(lock.key).toBe(String.raw`lé:\x00"\x0a`)
    expect(lock.counts.attempts).toBe(2)
  })

  it('has clients on sockets and IPv6, the protocol’s + and \\r, and redis-cli’s OK', () => {
    const { lock, analysis } = read(
      'OK\n',
      `+${setNx(0, '[::1]:5000', tokenA).replace('\n', '\r\n')}`,
      setNx(1, 'unix:/run/redis.sock', tokenB),
      released(2, '[::1]:5000', tokenA),
    )
    expect(analysis.capture).toMatchObject({ lines: 5, unreadable: 0 })
    expect(lock.servers.map(({ server }) => server)).toEqual(['[::1]', 'unix:/run/redis.sock'])
  })

  it('says what it is where there is no lock, no line of MONITOR, and nothing at all', () => {
    const said = (text: string) => read(text).notes
    expect(said(line(0, a, 'GET', 'x') + line(1, a, 'SET', 'x', 'y'))).toEqual([
      expect.stringContaining('no lock in 2 commands'),
    ])
    expect(said('hello\nworld\n')).toEqual([expect.stringContaining('none of the 2 lines is one that MONITOR writes')])
    expect(said('')).toEqual(['the capture is empty: not one line'])
  })

  it('takes a key that nobody wanted twice for a mark, and no lock', () => {
    const { analysis } = read(setNx(0, a, tokenA, { key: 'seen:17' }), setNx(1, a, tokenA, { key: 'seen:18' }))
    expect(analysis.locks).toEqual([])
    expect(analysis.marks).toMatchObject([{ name: 'seen:*', keys: 2, counts: { attempts: 2 } }])
  })

  it('tells of a cluster, of scripts without their calls, and of time that goes back', () => {
    const { notes } = read(
      line(0, 'lua', 'get', 'lock:1'),
      line(5000, a, 'CLUSTER', 'SLOTS'),
      setNx(1000, a, tokenA),
      setNx(1001, b, tokenB),
    )
    expect(notes).toEqual([
      expect.stringContaining('1 command of scripts whose call is not in the capture'),
      expect.stringContaining('the time goes back by up to 4000 ms'),
      expect.stringContaining('Redis Cluster'),
      expect.stringContaining('still held when the capture ended'),
    ])
  })

  it('tells 200 clients apart', () => {
    const lines = Array.from({ length: 200 }, (_, i) => {
      const [client, token] = [`10.0.${i % 4}.${i}:5000`, `token-number-${i}`]
      return (
        setNx(i * 10, client, token) +
        setNx(i * 10 + 1, '10.9.9.9:1', 'always-the-same') +
        released(i * 10 + 5, client, token)
      )
    })
    const { lock } = read(...lines)
    expect(lock.counts).toMatchObject({ attempts: 400, acquisitions: 200, gave_up: 1 })
    expect(lock.servers).toHaveLength(201)
  })

  it('has more keys than are told one by one, in the memory of those', () => {
    const capture = new Capture()
    for (let i = 0; i < 6_000; i++)
      capture.take(
        Buffer.from(
          setNx(i, a, tokenA, { key: `lock:order:${i}` }) + released(i + 0.5, a, tokenA, { key: `lock:order:${i}` }),
        ),
      )
    capture.end()
    expect(capture.tallies.size).toBeLessThanOrEqual(5_000)
    const { counts, more, notes, locks } = analyse(capture, 'test')
    expect(counts.acquisitions).toBe(6_000)
    expect(more.reduce((sum, { counts }) => sum + counts.acquisitions, 0) + locks.length).toBe(6_000)
    expect(notes).toContainEqual(expect.stringContaining('more keys than can be told one by one'))
  }, 60_000)
})
