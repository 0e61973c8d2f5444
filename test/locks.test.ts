import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { lockEnv } from '../src/locks/env.ts'
import { loadLock, locks } from '../src/locks/index.ts'
import type { Grant, OpenLock } from '../src/locks/lock.ts'
import { openLock } from '../src/locks/open.ts'
import { openStdio } from '../src/locks/stdio.ts'
import { startProxy } from './support/proxy.ts'
import { startRedis, type TestRedis } from './support/redis.ts'

let nodes: TestRedis[]
beforeAll(async () => void (nodes = await Promise.all([startRedis(), startRedis(), startRedis()])))
afterAll(() => Promise.all(nodes.map((node) => node[Symbol.asyncDispose]())))
beforeEach(() => Promise.all(nodes.map((node) => node.admin.flushall())))

interface Shop extends AsyncDisposable {
  lock: OpenLock
  acquire(key: string, times?: { ttlMs?: number; waitMs?: number }): Promise<Grant | null>
}

const { signal } = new AbortController()

async function shop(name: string, ports: number[], options: Record<string, unknown> = {}): Promise<Shop> {
  const env = lockEnv({
    endpoints: { password: '', redis: ports.map((port) => ({ host: '127.0.0.1', port })) },
    topology: ports.length > 1 ? 'redlock' : 'single',
    server: 'server-1',
    options,
    log: () => {},
  })
  const lock = await openLock(await loadLock(name, '/'), env)
  return {
    lock,
    acquire: (key, { ttlMs = 2700, waitMs = 0 } = {}) => lock.acquire(key, { ttlMs, waitMs, signal }),
    async [Symbol.asyncDispose]() {
      await lock.close?.()
      env.disconnectAll()
    },
  }
}

/** Two shops of three clerks each, who all want one key: how often two were inside at once. */
async function contend(name: string, ports: number[], rounds = 15): Promise<{ grants: number; overlaps: number }> {
  await using first = await shop(name, ports)
  await using second = await shop(name, ports)
  let inside = 0
  const seen = { grants: 0, overlaps: 0 }
  const clerk = async ({ lock, acquire }: Shop) => {
    for (let round = 0; round < rounds; round++) {
      const grant = await acquire('stock:7', { waitMs: 20_000 })
      if (!grant) continue
      seen.grants++
      if (inside++ > 0) seen.overlaps++
      await sleep(3)
      inside--
      // One whose answer is late on a busy machine excludes nobody for longer than its lease.
      await lock.release(grant).catch(() => {})
    }
  }
  await Promise.all([first, first, first, second, second, second].map(clerk))
  return seen
}

const one = () => [nodes[0]!.port]
const all = () => nodes.map(({ port }) => port)

test.each(['set-nx', 'reference', 'redlock'])('%s excludes on a single Redis', { timeout: 60_000 }, async (name) => {
  expect(await contend(name, one())).toEqual({ grants: 90, overlaps: 0 })
})

test.each(['reference', 'redlock', 'absent-agrees'])(
  '%s excludes on three independent nodes',
  { timeout: 60_000 },
  async (name) => {
    expect(await contend(name, all(), 8)).toEqual({ grants: 48, overlaps: 0 })
  },
)

test('naive does not', { timeout: 60_000 }, async () => {
  expect((await contend('naive', one())).overlaps).toBeGreaterThan(0)
  expect((await contend('naive', all())).overlaps).toBeGreaterThan(0)
})

test(
  'with one node of three down, reference still excludes and absent-agrees does not',
  { timeout: 60_000 },
  async () => {
    const dead = await startRedis()
    const ports = [dead.port, nodes[1]!.port, nodes[2]!.port]
    await dead[Symbol.asyncDispose]()
    expect(await contend('reference', ports, 8)).toEqual({ grants: 48, overlaps: 0 })
    expect((await contend('absent-agrees', ports, 8)).overlaps).toBeGreaterThan(0)
  },
)

test.each([
  ['set-nx', 1],
  ['redlock', 1],
  ['redlock', 3],
  ['reference', 1],
  ['reference', 3],
])('10: %s on %i: expiry, and a release that is no longer ours takes nothing', async (name, size) => {
  await using first = await shop(name, all().slice(0, size))
  await using second = await shop(name, all().slice(0, size))
  const grant = (await first.acquire('k', { ttlMs: 150 }))!
  if (grant.validForMs !== undefined) {
    expect(grant.validForMs).toBeGreaterThan(0)
    expect(grant.validForMs).toBeLessThan(150)
  }
  expect(await second.acquire('k')).toBeNull()
  const next = (await second.acquire('k', { waitMs: 5000 }))!
  expect(await first.lock.release(grant)).toBe(false)
  if (first.lock.extend) expect(await first.lock.extend(grant, 1000).catch(() => false)).toBe(false)
  expect(await nodes[0]!.admin.get('k')).toBe(next.token)
  expect(await second.lock.release(next)).toBe(true)
  expect(await nodes[0]!.admin.exists('k')).toBe(0)
})

describe('reference', () => {
  test.each([1, 3])('extends its lease on %i, and only its own', async (size) => {
    await using server = await shop('reference', all().slice(0, size))
    const grant = (await server.acquire('k', { ttlMs: 500 }))!
    expect(await server.lock.extend!(grant, 10_000)).toMatchObject({ validForMs: expect.any(Number) })
    expect(await nodes[0]!.admin.pttl('k')).toBeGreaterThan(1000)
    for (const { admin } of nodes) await admin.set('k', 'somebody else')
    expect(await server.lock.extend!(grant, 10_000)).toBe(false)
  })

  test('fences rise, also when the node has lost the last one', async () => {
    await using server = await shop('reference', one())
    const fences: bigint[] = []
    for (let round = 0; round < 20; round++) {
      const grant = (await server.acquire('k'))!
      fences.push(BigInt(grant.fence!))
      await server.lock.release(grant)
      if (round === 10) await nodes[0]!.admin.flushall()
    }
    expect(fences).toEqual(fences.toSorted((a, b) => (a < b ? -1 : 1)))
    expect(new Set(fences).size).toBe(20)
  })

  test.each(['close', 'silence'] as const)('17: a lost reply (%s) leaves no key behind', async (how) => {
    await using proxy = await startProxy(nodes[0]!.port)
    await using server = await shop('reference', [proxy.port], { timeoutMs: 200 })
    // Once, so that the scripts are known.
    await server.lock.release((await server.acquire('warm'))!)
    proxy.eatReplies(how)
    const failure = await server.acquire('k', { ttlMs: 10_000 }).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(Error)
    expect(failure).not.toHaveProperty('definite')
    expect(await nodes[0]!.admin.exists('k')).toBe(1)
    proxy.pass()
    await expect.poll(() => nodes[0]!.admin.exists('k'), { timeout: 5000 }).toBe(0)
  })

  test('16: its own key does not refuse the retry', async () => {
    await using proxy = await startProxy(nodes[0]!.port)
    await using server = await shop('reference', [proxy.port], { timeoutMs: 200 })
    await server.lock.release((await server.acquire('warm'))!)
    proxy.eatReplies('close')
    const waiting = server.acquire('k', { ttlMs: 10_000, waitMs: 20_000 })
    await expect.poll(() => nodes[0]!.admin.exists('k')).toBe(1)
    proxy.pass()
    expect((await waiting)!.token).toBe(await nodes[0]!.admin.get('k'))
  })

  test('no server: unavailable, and definitely so, within its patience', async () => {
    const dead = await startRedis()
    await dead[Symbol.asyncDispose]()
    for (const ports of [[dead.port], [dead.port, dead.port, nodes[0]!.port]]) {
      await using server = await shop('reference', ports, { timeoutMs: 200 })
      await expect(server.acquire('k', { waitMs: 100 })).rejects.toMatchObject({ definite: true })
      expect(await nodes[0]!.admin.exists('k')).toBe(0)
    }
  })

  test('a refusal is definite', async () => {
    await using replica = await startRedis()
    await replica.admin.replicaof('127.0.0.1', '1')
    await using server = await shop('reference', [replica.port])
    await expect(server.acquire('k')).rejects.toMatchObject({ definite: true, message: /READONLY/ })
    await replica.admin.replicaof('NO', 'ONE')
    await replica.admin.config('SET', 'maxmemory', '1')
    await expect(server.acquire('k', { waitMs: 1000 })).rejects.toMatchObject({ definite: true, message: /OOM/ })
  })

  test.each([1, 3])('a stopped node of %i holds nobody for longer than the timeout', async (size) => {
    await using hung = await startRedis()
    await using server = await shop('reference', [hung.port, ...all()].slice(0, size), { timeoutMs: 200 })
    hung.signal('SIGSTOP')
    const outcome = await server.acquire('k', { waitMs: 100 }).catch((error: unknown) => error)
    if (size === 1) expect(outcome).not.toHaveProperty('definite')
    else expect(outcome).toHaveProperty('validForMs')
    hung.signal('SIGCONT')
  })
})

test('what ioredis resends is no proof: set-nx is not definite after a drop', async () => {
  await using proxy = await startProxy(nodes[0]!.port)
  await using server = await shop('set-nx', [proxy.port])
  await server.lock.release((await server.acquire('warm'))!)
  proxy.eatReplies('close')
  const acquiring = server.acquire('k').catch((error: unknown) => error)
  await expect.poll(() => nodes[0]!.admin.exists('k')).toBe(1)
  // The first attempt was applied; the second one will be refused.
  await nodes[0]!.admin.config('SET', 'maxmemory', '1')
  proxy.pass()
  const failure = await acquiring
  await nodes[0]!.admin.config('SET', 'maxmemory', '0')
  expect(failure).toMatchObject({ message: /OOM/ })
  expect(failure).not.toHaveProperty('definite')
})

// Fetched by `npm test`, where there is a python3 with pip; else there is nothing that could run the example.
const redisPy = fileURLToPath(new URL('../.cache/redis-py', import.meta.url))

test('the Python example excludes', { timeout: 60_000 }, async ({ skip }) => {
  skip(!existsSync(redisPy), 'there is no redis-py, which npm test fetches where there is a python3 with pip')
  vi.stubEnv('PYTHONPATH', redisPy)
  const script = fileURLToPath(new URL('../adapters/python/redis_lock.py', import.meta.url))
  const problems: unknown[] = []
  const programs = await Promise.all(
    ['server-1', 'server-2'].map((server) =>
      openStdio({
        command: ['python3', script],
        cwd: '/',
        logFile: '/dev/null',
        topology: 'single',
        server,
        endpoints: { password: '', redis: [{ host: '127.0.0.1', port: nodes[0]!.port }] },
        options: { sleep: 0.01 },
        ttlMs: 2700,
        waitMs: 20_000,
        onViolation: (told) => problems.push(told),
        onExit: (told) => problems.push(told),
        onLog: (text) => problems.push(text),
      }),
    ),
  )
  let inside = 0
  let overlaps = 0
  const clerk = async ({ lock }: { lock: OpenLock }) => {
    for (let round = 0; round < 10; round++) {
      const grant = (await lock.acquire('stock:7', { ttlMs: 2700, waitMs: 20_000, signal }))!
      if (inside++ > 0) overlaps++
      expect(grant.token).toBe(await nodes[0]!.admin.get('stock:7'))
      expect(await lock.extend!(grant, 2700)).toMatchObject({ at: expect.any(BigInt) })
      inside--
      expect(await lock.release(grant)).toBe(true)
    }
  }
  await Promise.all([...programs, ...programs].map(clerk))
  expect(overlaps).toBe(0)

  const [first, second] = programs.map(({ lock }) => lock)
  const grant = (await first!.acquire('k', { ttlMs: 100, waitMs: 0, signal }))!
  expect(await second!.acquire('k', { ttlMs: 100, waitMs: 0, signal })).toBeNull()
  const impatient = new AbortController()
  await first!.acquire('held', { ttlMs: 10_000, waitMs: 0, signal })
  const waiting = second!.acquire('held', { ttlMs: 100, waitMs: 60_000, signal: impatient.signal })
  await sleep(150)
  impatient.abort()
  expect(await waiting).toBeNull()
  expect(await first!.extend!(grant, 1000)).toBe(false)
  expect(await first!.release(grant)).toBe(false)
  await Promise.all(programs.map(({ lock }) => lock.close()))
  expect(problems).toEqual([])
})

test('every lock of the registry is there, under its name', async () => {
  for (const [name, { load }] of Object.entries(locks)) expect((await load()).default.name).toBe(name)
})
