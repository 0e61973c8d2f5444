import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { clockJump } from '../src/faults/clock-jump.ts'
import { eviction } from '../src/faults/eviction.ts'
import type { Stage, Target } from '../src/faults/fault.ts'
import { flush } from '../src/faults/flush.ts'
import { memoryDeath } from '../src/faults/memory-death.ts'
import { misconf } from '../src/faults/misconf.ts'
import { oom } from '../src/faults/oom.ts'
import { pause } from '../src/faults/pause.ts'
import { stand, type Stand } from './support/cluster.ts'
import { until } from './support/until.ts'

// One node for the whole file: each fault has to leave it as it was, or the next test fails.
let up: Stand
beforeAll(async () => {
  up = await stand('single')
})
afterAll(() => up[Symbol.asyncDispose]())

const over = new AbortController()
const stage = (): Stage => ({
  cluster: up.cluster,
  links: up.links,
  random: () => 0.5,
  forMs: 0,
  now: () => performance.now() * 1e6,
  log() {},
  signal: over.signal,
})
const redis1 = (): Target => ({ label: 'redis-1', nodes: up.cluster.redis, links: [], servers: [] })

/** A plain client on server-1's link, as a lock would have it. */
function client(): Redis {
  const { redis, password } = up.cluster.endpoints('server-1')
  const plain = new Redis({ ...redis[0]!, password, retryStrategy: (times) => Math.min(times * 20, 200) })
  plain.on('error', () => {})
  onTestFinished(() => plain.disconnect())
  return plain
}

const noFillerIsLeft = async () => expect(await up.cluster.admin('redis-1').keys('__picklock__:*')).toEqual([])

test('oom: writes are refused in words, scripts as well; what frees memory passes; healed, writes are taken', async () => {
  const plain = client()
  await plain.set('lock:1', 'me', 'PX', 60_000)
  const injection = await oom.inject(redis1(), {}, stage())
  expect(injection).toMatchObject({
    landed: true,
    proof: expect.stringMatching(/^redis-1 refuses a write: OOM command/),
  })
  await expect(plain.set('lock:2', 'me', 'PX', 1000, 'NX')).rejects.toThrow(/^OOM command not allowed/)
  await expect(plain.eval("return redis.call('set', KEYS[1], '1')", 1, 'lock:2')).rejects.toThrow(/OOM/)
  expect(await plain.pexpire('lock:1', 50_000)).toBe(1)
  expect(await plain.del('lock:1')).toBe(1)
  await injection.heal()
  expect(await plain.set('lock:2', 'me', 'PX', 1000, 'NX')).toBe('OK')
  expect(await up.cluster.admin('redis-1').config('GET', 'maxmemory')).toEqual(['maxmemory', '0'])
})

test('oom that hovers refuses and takes in turns', async () => {
  const plain = client()
  const injection = await oom.inject(redis1(), { hoverMs: 20 }, stage())
  const taken: boolean[] = []
  await until(async () => {
    taken.push(
      await plain.set('lock:1', 'me', 'PX', 1000).then(
        () => true,
        () => false,
      ),
    )
    return taken.includes(true) && taken.lastIndexOf(false) > taken.indexOf(true)
  })
  await injection.heal()
  expect(await plain.set('lock:1', 'me', 'PX', 1000)).toBe('OK')
})

test('eviction: a lease goes in the middle of its time; the cache that pushed it out is removed', async () => {
  const plain = client()
  for (let i = 0; i < 50; i++) await plain.set(`lock:${i}`, 'me', 'PX', 600_000)
  const injection = await eviction.inject(redis1(), { policy: 'volatile-ttl', keysPerSecond: 2000 }, stage())
  expect(injection).toMatchObject({
    landed: true,
    proof: expect.stringMatching(/^redis-1 evicted \d+ keys under volatile-ttl, among them lock:\d+$/),
  })
  // Those that end soonest go first: all locks before the cache.
  await until(async () => (await plain.keys('lock:*')).length === 0)
  await injection.heal()
  await noFillerIsLeft()
  await plain.set('lock:1', 'me', 'PX', 60_000)
  expect(await up.cluster.admin('redis-1').config('GET', 'maxmemory-policy')).toEqual([
    'maxmemory-policy',
    'noeviction',
  ])
  expect(await plain.get('lock:1')).toBe('me')
})

test('eviction does not land where no key but its own can go', async () => {
  await client().flushall()
  const injection = await eviction.inject(redis1(), { policy: 'allkeys-lru', keysPerSecond: 1000 }, stage())
  expect(injection).toMatchObject({ landed: false, proof: expect.stringMatching(/all of them the harness' own$/) })
  await injection.heal()
  await noFillerIsLeft()
})

test('flush: every key is gone; with none there it does not land', async () => {
  const plain = client()
  await plain.mset('lock:1', 'a', 'lock:2', 'b')
  expect(await flush.inject(redis1(), {}, stage())).toMatchObject({
    landed: true,
    proof: 'redis-1 had 2 keys before FLUSHALL and 0 after it',
  })
  expect(await plain.get('lock:1')).toBeNull()
  expect(await flush.inject(redis1(), {}, stage())).toMatchObject({
    landed: false,
    proof: 'redis-1 had no key to lose',
  })
  expect(await plain.set('lock:1', 'a', 'PX', 1000, 'NX')).toBe('OK')
})

test('misconf: after a save that really failed every write is refused, also DEL; healed, a save succeeds', async () => {
  const plain = client()
  await plain.set('lock:1', 'me', 'PX', 60_000)
  const injection = await misconf.inject(redis1(), {}, stage())
  expect(injection).toMatchObject({
    landed: true,
    proof: expect.stringMatching(
      /^a BGSAVE of redis-1 failed \(rdb_last_bgsave_status:err\), it refuses a write: MISCONF /,
    ),
  })
  await expect(plain.del('lock:1')).rejects.toThrow(/^MISCONF/)
  await expect(plain.pexpire('lock:1', 1000)).rejects.toThrow(/^MISCONF/)
  expect(await plain.get('lock:1')).toBe('me')
  await injection.heal()
  expect(await plain.del('lock:1')).toBe(1)
  expect(await up.cluster.admin('redis-1').info('persistence')).toContain('rdb_last_bgsave_status:ok')
  expect(await up.cluster.admin('redis-1').config('GET', 'save')).toEqual(['save', ''])
})

test('clock-jump: leases end early, later ones live as long as they should', async () => {
  const plain = client()
  await plain.set('lock:1', 'me', 'PX', 60_000)
  await plain.set('kept', 'no lease')
  const injection = await clockJump.inject(redis1(), { jumpMs: 90_000 }, stage())
  expect(injection).toMatchObject({
    landed: true,
    proof: expect.stringMatching(
      /^simulated on redis-1: 1 leases end 90000 ms earlier, lock:1 in 1 ms instead of (59\d\d\d|60000) ms$/,
    ),
  })
  await until(async () => (await plain.get('lock:1')) === null)
  expect(await plain.get('kept')).toBe('no lease')
  await plain.set('lock:2', 'me', 'PX', 60_000)
  await injection.heal()
  expect(await plain.pttl('lock:2')).toBeGreaterThan(30_000)
})

test('clock-jump that is repeated takes later leases too, until the heal', async () => {
  const plain = client()
  await plain.set('lock:1', 'me', 'PX', 60_000)
  const injection = await clockJump.inject(redis1(), { jumpMs: 90_000, everyMs: 30 }, stage())
  await plain.set('lock:2', 'me', 'PX', 60_000)
  await until(async () => (await plain.get('lock:2')) === null)
  await injection.heal()
  await plain.set('lock:3', 'me', 'PX', 60_000)
  expect(await plain.pttl('lock:3')).toBeGreaterThan(30_000)
})

test('clock-jump does not land where nobody has a lease', async () => {
  await client().flushall()
  expect(await clockJump.inject(redis1(), { jumpMs: 1000 }, stage())).toMatchObject({
    landed: false,
    proof: 'no key of redis-1 had a lease that could end early',
  })
})

test('pause: a client waits without an error, and gets its answer after the heal', async () => {
  const plain = client()
  await plain.ping()
  const injection = await pause.inject(redis1(), {}, stage())
  expect(injection).toMatchObject({
    landed: true,
    proof: expect.stringMatching(
      /^redis-1 \(pid \d+\) is paused by the operating system's word, PING: timeout after 250 ms$/,
    ),
  })
  const asked = plain.set('lock:1', 'me', 'PX', 60_000)
  const first = await Promise.race([asked, new Promise((resolve) => setTimeout(resolve, 100, 'silence'))])
  expect(first).toBe('silence')
  await injection.heal()
  expect(await asked).toBe('OK')
  expect(await up.cluster.redis[0]!.state()).toBe('up')
})

test('memory-death: the node dies twice of its limit, says so, comes back with the locks, and is free after the heal', async () => {
  const plain = client()
  await plain.set('lock:1', 'me', 'PX', 600_000)
  let closed = 0
  plain.on('close', () => (closed += 1))
  const [node] = up.cluster.redis
  const pid = node!.pid
  const death = String.raw`pid \d+ gone, its log: "Out Of Memory allocating \d+ bytes!" and a crash report`
  const parameters = { headroomMb: 12, growMs: 200, downMs: 50, keepData: true }
  const beganNs = stage().now()
  const injection = await memoryDeath.inject(redis1(), parameters, stage())
  expect(injection.feltNs).toBeGreaterThan(beganNs)
  // From the first death; the second is the proof.
  expect(stage().now() - injection.feltNs!).toBeGreaterThan(parameters.downMs * 1e6)
  expect(injection).toMatchObject({
    landed: true,
    proof: expect.stringMatching(
      new RegExp(`^redis-1 died of its memory limit twice: ${death}; came back after 50 ms, then ${death}$`),
    ),
  })
  expect(closed).toBeGreaterThanOrEqual(1)
  await injection.heal()
  expect(await node!.state()).toBe('up')
  expect(node!.pid).not.toBe(pid)
  expect(await plain.get('lock:1')).toBe('me')
  await noFillerIsLeft()
  // More than it could have had under the limit, by a client that waits for as long as a busy disk takes.
  await plain.eval("redis.call('set', KEYS[1], string.rep('x', 24 * 1024 * 1024)) redis.call('del', KEYS[1])", 1, 'big')
  expect(await plain.ping()).toBe('PONG')
})

test('none of them lands on a node that is down, or paused, and the heal leaves it alone', async () => {
  const [node] = up.cluster.redis
  const each = [
    () => oom.inject(redis1(), {}, stage()),
    () => eviction.inject(redis1(), { policy: 'allkeys-lru', keysPerSecond: 100 }, stage()),
    () => flush.inject(redis1(), {}, stage()),
    () => misconf.inject(redis1(), {}, stage()),
    () => clockJump.inject(redis1(), { jumpMs: 1000 }, stage()),
    () => pause.inject(redis1(), {}, stage()),
    () => memoryDeath.inject(redis1(), { headroomMb: 12, growMs: 200, downMs: 50, keepData: true }, stage()),
  ]
  for (const state of ['paused', 'down'] as const) {
    await (state === 'paused' ? node!.pause() : node!.kill())
    for (const inject of each) {
      const injection = await inject()
      expect(injection).toMatchObject({ landed: false, proof: `redis-1 is ${state}` })
      await injection.heal()
      expect(await node!.state()).toBe(state)
    }
  }
  await node!.restart({ keepData: false })
})

test('memory-death is given up when the drill ends before the second death, and leaves the node as it was', async () => {
  const ending = new AbortController()
  const parameters = { headroomMb: 200, growMs: 60_000, downMs: 50, keepData: true }
  const injected = memoryDeath.inject(redis1(), parameters, { ...stage(), signal: ending.signal })
  setTimeout(() => ending.abort(), 100)
  await expect(injected).rejects.toThrow()
  expect(await up.cluster.redis[0]!.state()).toBe('up')
  await noFillerIsLeft()
})
