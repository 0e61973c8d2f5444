import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bandwidth } from '../src/faults/bandwidth.ts'
import { blackHole } from '../src/faults/black-hole.ts'
import { dropReply } from '../src/faults/drop-reply.ts'
import { flap } from '../src/faults/flap.ts'
import { kill } from '../src/faults/kill.ts'
import { latency } from '../src/faults/latency.ts'
import { partition } from '../src/faults/partition.ts'
import { reset } from '../src/faults/reset.ts'
import { stand, type Stand } from './support/cluster.ts'
import { clientOf, msOf, onceOnly, inject, onLinks, onNodes, stageOf } from './support/felt.ts'
import { until } from './support/until.ts'

const link = 'server-1→redis-1'
let up: Stand
beforeAll(async () => void (up = await stand('redlock')))
afterAll(() => up[Symbol.asyncDispose]())

test('bandwidth: what is long takes its time, and no longer after the heal', async () => {
  const client = clientOf(up, 'server-1')
  const long = () => client.echo('x'.repeat(3000))
  await long()
  const { landed, proof, heal } = await inject(bandwidth, onLinks(up, link), stageOf(up), {
    rateKBps: 5,
    stream: 'downstream',
  })
  expect({ landed, proof }).toMatchObject({
    landed: true,
    proof: expect.stringMatching(/bytes through .* took \d+ ms/),
  })
  expect(await msOf(long)).toBeGreaterThan(300)
  await heal()
  await until(async () => (await msOf(long)) < 300)
})

test('latency: every call takes that much longer, and no longer after the heal', async () => {
  const client = clientOf(up, 'server-1')
  await client.ping()
  const { landed, proof, heal } = await inject(latency, onLinks(up, link), stageOf(up), { latencyMs: 300 })
  expect({ landed, proof }).toMatchObject({ landed: true, proof: expect.stringMatching(/PING through .* took \d+ ms/) })
  expect(await msOf(() => client.ping())).toBeGreaterThanOrEqual(299)
  await heal()
  await until(async () => (await msOf(() => client.ping())) < 299)
})

test('partition: what stands is closed, what is new is refused, for one server only; healed, both are in', async () => {
  const [client, other] = [clientOf(up, 'server-1', onceOnly), clientOf(up, 'server-2')]
  await Promise.all([client.ping(), other.ping()])
  const target = onLinks(up, link)
  const { landed, proof, heal } = await inject(partition, target, stageOf(up))
  expect({ landed, proof }).toEqual({ landed: true, proof: `${link} refuses (ECONNREFUSED)` })
  await expect(client.ping()).rejects.toThrow()
  expect(await other.ping()).toBe('PONG')
  const again = await inject(partition, target, stageOf(up))
  expect(again).toMatchObject({ landed: false, proof: expect.stringContaining('did not answer before the cut') })
  await again.heal()
  await heal()
  await until(() => client.status === 'ready')
  expect(await client.ping()).toBe('PONG')
})

test('kill: connections end, the node is back after the heal with what it had; a dead one is not killed again', async () => {
  const client = clientOf(up, 'server-1', onceOnly)
  await client.set('kept', '1')
  const target = onNodes(up, 'redis-1')
  const { landed, proof, heal } = await inject(kill, target, stageOf(up))
  expect({ landed, proof }).toMatchObject({ landed: true, proof: expect.stringMatching(/^redis-1 \(pid \d+\) gone$/) })
  await expect(client.get('kept')).rejects.toThrow()
  const again = await inject(kill, target, stageOf(up))
  expect(again).toMatchObject({ landed: false, proof: 'redis-1 was not running' })
  await again.heal()
  await heal()
  await until(() => client.status === 'ready')
  expect(await client.get('kept')).toBe('1')
  await up.cluster.admin('redis-1').flushall()
})

test('black hole: no answer and no close; what was sent meanwhile arrives at the heal', async () => {
  const client = clientOf(up, 'server-1')
  const admin = up.cluster.admin('redis-1')
  await client.ping()
  let closed = 0
  client.on('close', () => (closed += 1))
  const { landed, proof, heal } = await inject(blackHole, onLinks(up, link), stageOf(up), { stream: 'both' })
  expect({ landed, proof }).toMatchObject({ landed: true, proof: expect.stringContaining('no answer and no close') })
  let answered = false
  const late = client.set('late', '1').then(() => (answered = true))
  await sleep(200)
  expect([answered, closed, await admin.exists('late')]).toEqual([false, 0, 0])
  expect((await up.links.get('server-2→redis-1').ping(5000)).ok).toBe(true)
  await heal()
  await late
  expect(await admin.del('late')).toBe(1)
  expect(closed).toBe(0)
})

test('black hole: heals also when its clients have gone meanwhile, and the way back was full', async () => {
  const gone = clientOf(up, 'server-1', { ...onceOnly, retryStrategy: () => null })
  await gone.ping()
  const { landed, heal } = await inject(blackHole, onLinks(up, link), stageOf(up), { stream: 'both' })
  expect(landed).toBe(true)
  for (let i = 0; i < 200; i++) {
    gone.get('stock:7').catch(() => {})
    if (i % 20 === 0) await sleep(2)
  }
  gone.disconnect()
  await heal()
  expect(await up.links.get(link).ping(5000)).toMatchObject({ ok: true })
})

test('reset: a request ends its connection and does not arrive', async () => {
  const client = clientOf(up, 'server-1', onceOnly)
  await client.ping()
  const { landed, heal } = await inject(reset, onLinks(up, link), stageOf(up))
  expect(landed).toBe(true)
  await expect(client.set('lost', '1')).rejects.toThrow()
  expect(await up.cluster.admin('redis-1').exists('lost')).toBe(0)
  await heal()
  await until(() => client.status === 'ready')
  expect(await client.set('lost', '1', 'PX', 1000)).toBe('OK')
})

test('flap: connections break again and again, and stand after the heal', async () => {
  const client = clientOf(up, 'server-1')
  await client.ping()
  let closed = 0
  client.on('close', () => (closed += 1))
  const { landed, proof, heal } = await inject(flap, onLinks(up, link), stageOf(up), { downMs: 20, upMs: 60 })
  expect({ landed, proof }).toEqual({ landed: true, proof: `${link} refused (ECONNREFUSED) and answered again` })
  await until(() => closed >= 4)
  await heal()
  expect((await up.links.get(link).ping(5000)).ok).toBe(true)
  expect(await client.ping()).toBe('PONG')
  const closedBefore = closed
  await sleep(200)
  expect(closed).toBe(closedBefore)
})

test('drop-reply: what was asked is done, and the reply does not come', async () => {
  const client = clientOf(up, 'server-1', onceOnly)
  const admin = up.cluster.admin('redis-1')
  await client.ping()
  const { landed, proof, heal } = await inject(dropReply, onLinks(up, link), stageOf(up), { everyMs: 60, holdMs: 30 })
  expect({ landed, proof }).toMatchObject({ landed: true, proof: expect.stringContaining('without a reply') })
  let lost = 0
  await until(async () => {
    const key = `once:${lost}`
    const failed = await client.set(key, '1', 'PX', 60_000).then(
      () => false,
      () => true,
    )
    if (failed && (await admin.exists(key)) === 1) lost += 1
    return lost >= 2
  })
  await heal()
  await until(() => client.status === 'ready')
  for (let i = 0; i < 20; i++) expect(await client.ping()).toBe('PONG')
  await admin.flushall()
})

test('a fault on a link that leads to a dead node does not land', async () => {
  const dead = 'server-1→redis-3'
  const node = up.cluster.redis[2]!
  await node.kill()
  const target = onLinks(up, dead)
  const injections = [
    inject(latency, target, stageOf(up), { latencyMs: 50 }),
    inject(partition, target, stageOf(up)),
    inject(bandwidth, target, stageOf(up), { rateKBps: 1, stream: 'downstream' }),
    inject(blackHole, target, stageOf(up), { stream: 'both' }),
    inject(reset, target, stageOf(up)),
    inject(flap, target, stageOf(up), { downMs: 20, upMs: 20 }),
    inject(dropReply, target, stageOf(up), { everyMs: 50, holdMs: 20 }),
  ]
  for (const injection of injections) {
    const { landed, proof, heal } = await injection
    expect(landed).toBe(false)
    expect(proof).toContain(dead)
    await heal()
  }
  await node.restart({ keepData: true })
  expect((await up.links.get(dead).ping(5000)).ok).toBe(true)
})
