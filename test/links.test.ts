import { createServer } from 'node:net'
import { once } from 'node:events'
import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { openLinks } from '../src/links/index.ts'
import { stand, type Stand } from './support/cluster.ts'
import { until } from './support/until.ts'

/** A plain client on server-1's link, as a lock would have it. */
function clientOf({ cluster }: Stand, server: string): Redis {
  const { redis, password } = cluster.endpoints(server)
  const client = new Redis({ ...redis[0]!, password, retryStrategy: (times) => Math.min(times * 20, 200) })
  client.on('error', () => {})
  onTestFinished(() => client.disconnect())
  return client
}

test('a cut closes what stands and refuses what is new, on one link only; healed, clients come back', async () => {
  await using up = await stand('single')
  const [mine, other] = [clientOf(up, 'server-1'), clientOf(up, 'server-2')]
  await Promise.all([mine.ping(), other.ping()])
  let closed = 0
  mine.on('close', () => (closed += 1))
  const link = up.links.get('server-1→redis-1')
  const cut = await link.cut()
  await until(() => closed > 0)
  expect(await link.ping(5000)).toEqual({ ok: false, error: 'ECONNREFUSED' })
  expect(await other.ping()).toBe('PONG')
  await cut[Symbol.asyncDispose]()
  expect(await mine.ping()).toBe('PONG')
  expect(link.port).toBe(up.cluster.endpoints('server-1').redis[0]!.port)
})

test('nested cuts count, and healing one of them twice changes nothing', async () => {
  await using up = await stand('single')
  const link = up.links.get('server-1→redis-1')
  const [one, other] = await Promise.all([link.cut(), link.cut()])
  await one[Symbol.asyncDispose]()
  await one[Symbol.asyncDispose]()
  expect((await link.ping(5000)).ok).toBe(false)
  await other[Symbol.asyncDispose]()
  expect((await link.ping(5000)).ok).toBe(true)
})

test('latency is felt by a connection that stands, adds up, and goes', async () => {
  await using up = await stand('single')
  const client = clientOf(up, 'server-1')
  await client.ping()
  const roundTripMs = async () => {
    const start = performance.now()
    await client.ping()
    return performance.now() - start
  }
  const link = up.links.get('server-1→redis-1')
  const reply = await link.addToxic({ type: 'latency', stream: 'downstream', attributes: { latency: 150, jitter: 0 } })
  expect(await roundTripMs()).toBeGreaterThanOrEqual(149)
  const request = await link.addToxic({ type: 'latency', stream: 'upstream', attributes: { latency: 150, jitter: 0 } })
  expect(await roundTripMs()).toBeGreaterThanOrEqual(298)
  const slow = await link.ping(5000)
  expect(slow.ok && slow.ms).toBeGreaterThanOrEqual(298)
  await request[Symbol.asyncDispose]()
  await reply[Symbol.asyncDispose]()
  await until(async () => {
    const fast = await link.ping(5000)
    return fast.ok && fast.ms < 149
  })
})

test('a link whose clients gave up while their answers were held back is open again at once', async () => {
  await using up = await stand('single')
  const link = up.links.get('server-1→redis-1')
  const impatient = await Promise.all([1, 2, 3].map(() => link.dial(5000)))
  const attributes = { latency: 3_600_000, jitter: 0 }
  const held = await link.addToxic({ type: 'latency', stream: 'downstream', attributes })
  // Several answers each, in pieces of their own.
  for (let i = 0; i < 5; i++) await Promise.all(impatient.map((connection) => connection.ask(['PING'], 20)))
  for (const connection of impatient) connection[Symbol.dispose]()
  await held[Symbol.asyncDispose]()
  expect(await link.ping(4000)).toMatchObject({ ok: true })
})

test('a toxic survives a cut, and a toxic that does not exist is refused', async () => {
  await using up = await stand('single')
  const link = up.links.get('server-1→redis-1')
  await using _toxic = await link.addToxic({
    type: 'latency',
    stream: 'downstream',
    attributes: { latency: 150, jitter: 0 },
  })
  await (await link.cut())[Symbol.asyncDispose]()
  const pong = await link.ping(5000)
  expect(pong.ok && pong.ms).toBeGreaterThanOrEqual(149)
  await expect(link.addToxic({ type: 'no-such', stream: 'upstream', attributes: {} })).rejects.toThrow()
})

test('a link can lead to another node', async () => {
  await using up = await stand('redlock')
  const link = up.links.get('server-1→redis-1')
  await up.cluster.admin('redis-2').set('who', 'redis-2')
  await link.retarget(up.cluster.redis[1]!)
  const client = clientOf(up, 'server-1')
  expect(await client.get('who')).toBe('redis-2')
})

test('a wrong name says which links there are', async () => {
  await using up = await stand('single')
  expect(() => up.links.get('server-9→redis-1')).toThrow('server-1→redis-1, server-2→redis-1')
})

test('links whose ports are taken get others', async () => {
  await using up = await stand('single')
  const [node] = up.cluster.redis
  // The runtime says that a port is free, and somebody takes it before Toxiproxy does.
  let handed = 0
  await using links = openLinks({
    ...up.runtime,
    async port() {
      const port = await up.runtime.port()
      if (handed++ === 1) {
        const stranger = createServer().listen(port, '127.0.0.1')
        onTestFinished(() => void stranger.close())
        await once(stranger, 'listening')
      }
      return port
    },
  })
  const specs = ['server-3', 'server-4', 'server-5'].map((from) => ({ from, to: 'redis-1', upstream: node! }))
  const opened = await links.open(specs)
  expect(opened.map(({ name }) => name)).toEqual(['server-3→redis-1', 'server-4→redis-1', 'server-5→redis-1'])
  for (const link of opened) expect(await link.ping(5000)).toMatchObject({ ok: true })
})
