import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { commandsBetween } from '../src/history/commands.ts'
import type { Event, KeyEvent } from '../src/history/event.ts'
import { observe } from '../src/history/observer.ts'
import type { Observation } from '../src/history/recorder.ts'
import { drillClock, monotonicNs } from '../src/lib/clock.ts'
import { freePort } from './support/free-port.ts'

const password = 'observer-test'
let folder: string
let port: number
let server: ChildProcess
let events: Event[]
let now: () => number

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'picklock-observer-'))
  port = await freePort()
  server = await startRedis()
  events = []
  now = drillClock(monotonicNs())
})

afterEach(async () => {
  await stopRedis()
  await rm(folder, { recursive: true, force: true })
})

const record = (event: Observation) => void events.push({ ...event, t: event.t ?? now() } as Event)
const observing = (at = port) => observe({ node: 'redis-1', host: '127.0.0.1', port: at, password, record, now })
const keyEvents = () => events.filter((event) => event.f === 'key')
const story = (key: string) =>
  keyEvents()
    .filter((event) => event.key === key || (event.key === '' && event.event !== 'watched' && event.event !== 'late'))
    .map((event) => (event.value === undefined ? event.event : `${event.event} ${event.value}`))

test('sees a lease begin, end by itself and by deletion, in order and with what the key was', async () => {
  await using _observer = await observing()
  await using client = connect()
  await client.redis.set('stock:1', 'token-a', 'PX', 60)
  await until(() => story('stock:1').includes('expired'))
  await client.redis.set('stock:1', 'token-b', 'PX', 60_000, 'NX')
  await until(() => story('stock:1').includes('sample token-b'))
  await client.redis.del('stock:1')
  await until(() => story('stock:1').includes('del'))
  expect(story('stock:1')).toEqual([
    'set',
    'expire',
    'sample token-a',
    'expired',
    'set',
    'expire',
    'sample token-b',
    'del',
  ])
  const samples = keyEvents().filter((event) => event.event === 'sample')
  expect(samples[0]!.pttlMs).toBeGreaterThan(0)
  expect(samples[0]!.pttlMs).toBeLessThanOrEqual(60)
  expect(samples[1]!.pttlMs).toBeGreaterThan(30_000)
})

test('an audit tells what is left, of whatever type, and what of it lives on by design', async () => {
  await using observer = await observing()
  await using client = connect()
  await client.redis.set('stock:1', 'token-a', 'PX', 60_000)
  await client.redis.hset('stock:2', 'token-b', '1')
  await client.redis.zadd('stock:2:waiters', 1, 'vu-1')
  await client.redis.set('fence:stock:1', '7')
  await observer.audit(['fence:*'])
  const left = keyEvents().filter((event) => event.event === 'left')
  const told = left.map(({ key, value, pttlMs, bookkeeping }) => ({ key, value, leased: pttlMs! > 0, bookkeeping }))
  expect(told.toSorted((a, b) => a.key.localeCompare(b.key))).toEqual([
    { key: 'fence:stock:1', value: '7', leased: false, bookkeeping: true },
    { key: 'stock:1', value: 'token-a', leased: true, bookkeeping: undefined },
    { key: 'stock:2', value: '0 token-b 1', leased: false, bookkeeping: undefined },
    { key: 'stock:2:waiters', value: 'vu-1', leased: false, bookkeeping: undefined },
  ])
})

test('of what a node carried out it counts what others sent', async () => {
  await using observer = await observing()
  await using client = connect()
  await client.redis.set('warm', '1')
  await until(() => story('warm').includes('sample 1'))
  const count = async () => ({ commands: await observer.commands(), sent: observer.sent() })
  const before = await count()
  for (let i = 0; i < 10; i++) await client.redis.set('stock:1', `token-${i}`, 'PX', 60_000)
  await client.redis.eval("return redis.call('del', KEYS[1])", 1, 'stock:1')
  await until(() => story('stock:1').includes('del'))
  const after = await count()
  // Ten times SET; EVAL, and the DEL within it.
  expect(commandsBetween(before.commands, after.commands, [{ before: before.sent, after: after.sent }])).toBe(12)
  expect(commandsBetween({ ...before.commands, runId: 'another' }, after.commands, [])).toBe(undefined)
})

test('a sample never describes a state older than the event before it', async () => {
  await using _observer = await observing()
  await using client = connect()
  const cycles = 500
  for (let i = 0; i < cycles; i++) {
    await client.redis.set('hot', `token-${i}`, 'PX', 60_000)
    if (i % 3 === 0) await client.redis.del('hot')
  }
  await until(() => keyEvents().filter((event) => event.event === 'set').length === cycles)
  await client.redis.set('last', '1')
  await until(() => story('last').includes('sample 1'))
  // Replays the record: the n-th `set` wrote token-n, and each sample has to show the newest one.
  let writes = 0
  let state: string | undefined
  let samples = 0
  for (const event of keyEvents()) {
    if (event.key !== 'hot') continue
    if (event.event === 'set') state = `token-${writes++}`
    if (event.event === 'del') state = undefined
    if (event.event !== 'sample') continue
    samples++
    expect(event.value).toBe(state)
  }
  expect(samples).toBeGreaterThan(0)
})

test('a key that goes before the one question and is there anew before the other is not described by half of each', async () => {
  await using client = connect()
  await using relay = await relayed({
    getrange: () => client.redis.del('hot'),
    pttl: () => client.redis.set('hot', 'token-b', 'PX', 60_000),
  })
  await using _observer = await observing(relay.port)
  await client.redis.set('hot', 'token-a', 'PX', 60_000)
  await until(() => story('hot').some((each) => each.startsWith('sample')))
  await client.redis.set('last', '1')
  await until(() => story('last').includes('sample 1'))
  expect(story('hot')).toEqual(['set', 'expire', 'del', 'set', 'expire', 'sample token-b'])
})

test('reads hashes, lists, sets and sorted sets, cuts what is long, and counts its commands', async () => {
  await using observer = await observing()
  await using client = connect()
  await client.redis.hset('hash', 'uuid:1', '1')
  await client.redis.pexpire('hash', 5_000)
  await client.redis.rpush('list', 'first', 'second')
  await client.redis.zadd('zset', 1, 'member')
  await client.redis.sadd('set', 'element')
  await client.redis.set('long', 'x'.repeat(10_000))
  await until(() => ['hash', 'list', 'zset', 'set', 'long'].every((key) => sampleOf(key) !== undefined))
  expect(sampleOf('hash')!.value).toContain('uuid:1')
  expect(sampleOf('list')!.value).toBe('first second')
  expect(sampleOf('zset')!.value).toBe('member')
  expect(sampleOf('set')!.value).toContain('element')
  expect(sampleOf('long')!.value).toHaveLength(256)

  const sent = observer.sent()
  const stats = await client.redis.info('commandstats')
  for (const command of ['pttl', 'psubscribe', 'getrange', 'hscan', 'zrange'])
    expect(Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1])).toBe(sent[command])
})

test('survives a kill -9 and a restart, says so, and shows what was lost', async () => {
  await using _observer = await observing()
  {
    await using client = connect()
    await client.redis.set('stock:7', 'token-a', 'PX', 60_000)
    await until(() => story('stock:7').includes('sample token-a'))
  }
  server.kill('SIGKILL')
  await once(server, 'exit')
  await until(() => events.some((event) => event.f === 'topology' && event.event === 'down'))
  server = await startRedis()
  await until(() => sampleOf('stock:7')?.pttlMs === -2)
  await using client = connect()
  await client.redis.set('stock:7', 'token-b', 'PX', 60_000, 'NX')
  await until(() => story('stock:7').includes('sample token-b'))

  expect(story('stock:7')).toEqual([
    'set',
    'expire',
    'sample token-a',
    'gap',
    'resync restarted',
    'sample',
    'set',
    'expire',
    'sample token-b',
  ])
  const topology = events.filter((event) => event.f === 'topology').map((event) => `${event.event} ${event.node}`)
  expect(topology).toEqual(['down redis-1', 'up redis-1'])
})

test.each([
  ['that answers', '+ping'],
  ['that refuses the question', '-ping'],
])('says how late what it reads of a node %s is told where it stood still', async (_, rule) => {
  await using client = connect()
  await client.redis.call('acl', 'setuser', 'default', rule)
  await using _observer = await observing()
  const busy = `
    const socket = require('node:net').connect(${port}, '127.0.0.1')
    socket.on('error', () => process.exit())
    socket.write('AUTH ${password}\\r\\n')
    setInterval(() => socket.write('SET stock:1 token-a PX 60000\\r\\n'), 5)`
  const program = spawn(process.execPath, ['-e', busy], { stdio: 'ignore' })
  onTestFinished(() => void program.kill('SIGKILL'))
  await until(() => story('stock:1').length > 0)
  for (const endMs = performance.now() + 400; performance.now() < endMs;);
  const stoodUntil = now()
  const after = () => keyEvents().filter(({ event, t }) => event === 'late' && t >= stoodUntil)
  await until(() => after().length > 0)
  expect(after()[0]!.lagNs).toBeGreaterThan(400e6)
})

test('a killed connection is a gap on the same process', async () => {
  await using _observer = await observing()
  await using client = connect()
  await client.redis.set('stock:7', 'token-a', 'PX', 60_000)
  await until(() => story('stock:7').includes('sample token-a'))
  await client.redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
  await until(() => story('stock:7').filter((line) => line === 'sample token-a').length === 2)
  expect(story('stock:7').slice(3)).toEqual(['gap', 'resync same process', 'sample token-a'])
  expect(events.filter((event) => event.f === 'topology')).toEqual([])
})

test('a node that is not there is an error, not a wait', async () => {
  await stopRedis()
  await expect(observing()).rejects.toThrow()
})

function sampleOf(key: string): KeyEvent | undefined {
  return keyEvents().findLast((event) => event.event === 'sample' && event.key === key)
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`never came true; seen: ${JSON.stringify(events.slice(-20))}`)
    await sleep(5)
  }
}

function connect(): { redis: Redis } & AsyncDisposable {
  const redis = new Redis({ port, password })
  redis.on('error', () => undefined)
  return { redis, [Symbol.asyncDispose]: async () => redis.disconnect() }
}

/** A way to the node on which the first of each of these commands waits until something else was done, and what went before it is answered. */
async function relayed(before: Record<string, () => Promise<unknown>>): Promise<{ port: number } & AsyncDisposable> {
  const sockets: Socket[] = []
  const listener = createServer((near) => {
    const far = createConnection(port, '127.0.0.1')
    sockets.push(near, far)
    for (const socket of [near, far]) socket.on('error', () => undefined)
    far.pipe(near)
    let turn = Promise.resolve()
    near.on('data', (data) => {
      turn = turn.then(async () => {
        let rest = data.toString('latin1')
        for (const [name, act] of Object.entries(before)) {
          const at = rest.search(new RegExp(`\\*\\d+\\r\\n\\$${name.length}\\r\\n${name}`))
          if (at < 0) continue
          delete before[name]
          if (at > 0) {
            const answered = once(far, 'data')
            far.write(rest.slice(0, at), 'latin1')
            await answered
          }
          rest = rest.slice(at)
          await act()
        }
        far.write(rest, 'latin1')
      })
    })
  }).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  return {
    port: (listener.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      listener.close()
    },
  }
}

async function startRedis(): Promise<ChildProcess> {
  const child = spawn(
    process.env['PICKLOCK_REDIS_SERVER'] ?? 'redis-server',
    ['--port', String(port), '--bind', '127.0.0.1', '--requirepass', password, '--save', '', '--dir', folder],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  )
  for await (const text of child.stdout!.setEncoding('utf8').iterator({ destroyOnReturn: false }))
    if (String(text).includes('Ready to accept connections')) break
  child.stdout!.resume()
  return child
}

async function stopRedis(): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  server.kill('SIGKILL')
  await once(server, 'exit')
}
