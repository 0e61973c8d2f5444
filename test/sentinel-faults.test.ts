import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { cutReplication } from '../src/faults/cut-replication.ts'
import { failover } from '../src/faults/failover.ts'
import type { Stage, Target } from '../src/faults/fault.ts'
import { isolatePrimary } from '../src/faults/isolate-primary.ts'
import { stand, type Stand } from './support/cluster.ts'
import { until } from './support/until.ts'

const stageOf = ({ cluster, links }: Stand): Stage => ({
  cluster,
  links,
  random: () => 0,
  forMs: 0,
  now: () => performance.now() * 1e6,
  log() {},
  signal: new AbortController().signal,
})

const nodeOf = ({ cluster }: Stand, name: string): Target => ({
  label: name,
  nodes: cluster.redis.filter((node) => node.name === name),
  links: [],
  servers: [],
})

/** A plain client with ioredis' defaults, as a shop has it. */
function clientOf({ cluster }: Stand, server: string): Redis {
  const { sentinel, password } = cluster.endpoints(server)
  const { nodes: sentinels, name, natMap, password: sentinelPassword } = sentinel!
  const client = new Redis({ sentinels, name, natMap, sentinelPassword, password })
  client.on('error', () => {})
  onTestFinished(() => client.disconnect())
  return client
}

const roleOf = async ({ cluster }: Stand, node: string) => String((await cluster.admin(node).role())[0])

test('cut-replication: what is written stays on the primary, WAIT does not come, and the heal brings it over', async () => {
  await using up = await stand('sentinel')
  const client = clientOf(up, 'server-1')
  await client.set('before', '1')
  expect(await client.wait(1, 5000)).toBe(1)

  const cut = await cutReplication.inject(nodeOf(up, 'redis-2'), {}, stageOf(up))
  expect(cut).toMatchObject({ landed: true, proof: 'redis-2 has lost redis-1' })
  await client.set('during', '2')
  expect(await client.wait(1, 1500)).toBe(0)
  expect(await up.cluster.admin('redis-2').mget('before', 'during')).toEqual(['1', null])

  await cut.heal()
  await until(async () => (await up.cluster.admin('redis-2').get('during')) === '2')
  expect(await client.wait(1, 5000)).toBe(1)
  expect((await up.cluster.primary()).name).toBe('redis-1')
})

test('cut-replication: a replica that is promoted meanwhile is healed, also for the day when it follows again', async () => {
  await using up = await stand({ kind: 'sentinel', downAfterMs: 300 })
  const cut = await cutReplication.inject(nodeOf(up, 'redis-2'), {}, stageOf(up))
  await up.cluster.admin('redis-1').set('lost', '1')
  const [old] = up.cluster.redis
  await old!.kill()
  await until(async () => (await up.cluster.primary()).name === 'redis-2')
  expect(await up.cluster.admin('redis-2').get('lost')).toBeNull()
  await cut.heal()
  const [, heir] = up.cluster.redis
  await heir!.restart({ keepData: true })
  expect(await up.cluster.admin('redis-2').config('GET', 'masterauth')).toEqual(['masterauth', up.runtime.password])
})

test('cut-replication does not land on the primary, nor on a replica that is cut off, nor on one that is dead', async () => {
  await using up = await stand('sentinel')
  const stage = stageOf(up)
  const onPrimary = await cutReplication.inject(nodeOf(up, 'redis-1'), {}, stage)
  expect(onPrimary).toMatchObject({ landed: false, proof: 'redis-1 follows nobody: master' })
  const first = await cutReplication.inject(nodeOf(up, 'redis-2'), {}, stage)
  const second = await cutReplication.inject(nodeOf(up, 'redis-2'), {}, stage)
  expect(second).toMatchObject({ landed: false, proof: 'redis-2 had lost its primary before the cut' })
  await Promise.all([first.heal(), second.heal()])
  await up.cluster.redis[1]!.kill()
  expect(await cutReplication.inject(nodeOf(up, 'redis-2'), {}, stage)).toMatchObject({ landed: false })
})

test('failover: the replica is promoted, a plain client stays with the old primary, and the heal makes that a replica', async () => {
  await using up = await stand('sentinel')
  const client = clientOf(up, 'server-1')
  await client.set('before', '1')
  const injected = await failover.inject(nodeOf(up, 'redis-1'), { demote: 'sentinel' }, stageOf(up))
  expect(injected.proof).toMatch(/^\+switch-master to redis-2 after/)
  expect(injected.landed).toBe(true)
  // Nobody told it: its writes go to a primary that is none any more.
  await client.set('during', '2')
  expect(await up.cluster.admin('redis-1').get('during')).toBe('2')
  expect(await up.cluster.admin('redis-2').get('during')).toBeNull()
  await injected.heal()
  expect(await roleOf(up, 'redis-1')).toBe('slave')
  expect(await up.cluster.admin('redis-1').get('during')).toBeNull()
})

test('failover, demoted at once: a client that stays connected is answered READONLY; asked on a replica it does not land', async () => {
  await using up = await stand('sentinel')
  const client = clientOf(up, 'server-1')
  await client.set('before', '1')
  let closed = 0
  client.on('close', () => (closed += 1))
  const stage = stageOf(up)
  const injected = await failover.inject(nodeOf(up, 'redis-1'), { demote: 'at-once' }, stage)
  expect(injected.landed).toBe(true)
  await expect(client.set('during', '2')).rejects.toThrow('READONLY')
  expect(closed).toBe(0)
  await injected.heal()
  const again = await failover.inject(nodeOf(up, 'redis-1'), { demote: 'at-once' }, stage)
  expect(again).toMatchObject({ landed: false, proof: 'redis-1 is not the primary' })
})

test('failover without a replica to promote does not land', async () => {
  await using up = await stand({ kind: 'sentinel', downAfterMs: 300 })
  await up.cluster.redis[1]!.kill()
  await until(async () => {
    const replicas = String(await up.cluster.admin('sentinel-1').call('SENTINEL', 'REPLICAS', 'mymaster'))
    return replicas.includes('s_down')
  })
  const injected = await failover.inject(nodeOf(up, 'redis-1'), { demote: 'sentinel' }, stageOf(up))
  expect(injected.landed).toBe(false)
  expect(injected.proof).toContain('NOGOODSLAVE')
})

test('isolate-primary: two primaries take writes, each from a client through its own link; healed, one is left', async () => {
  await using up = await stand({ kind: 'sentinel', downAfterMs: 300 })
  const pinned = clientOf(up, 'server-1')
  await pinned.set('before', '1')
  const injected = await isolatePrimary.inject(nodeOf(up, 'redis-1'), {}, stageOf(up))
  expect(injected.landed).toBe(true)
  expect(injected.proof).toBe(
    'cluster→redis-1 refuses (ECONNREFUSED), 3 of 3 Sentinels have lost redis-1, which says of itself: master',
  )
  await until(async () => (await up.cluster.primary()).name === 'redis-2')
  const moved = clientOf(up, 'server-2')
  await moved.set('who', 'server-2')
  await pinned.set('who', 'server-1')
  expect(await up.cluster.admin('redis-1').get('who')).toBe('server-1')
  expect(await up.cluster.admin('redis-2').get('who')).toBe('server-2')
  await injected.heal()
  expect(await up.links.get('cluster→redis-1').ping(5000)).toMatchObject({ ok: true })
  // To demote it takes Sentinel 8 to 10 s more.
  await until(async () => {
    const replicas = String(await up.cluster.admin('sentinel-1').call('SENTINEL', 'REPLICAS', 'mymaster'))
    return !/s_down|disconnected/.test(replicas)
  })
})

test('isolate-primary does not land on a replica, nor where the link is cut already, nor on a dead primary', async () => {
  await using up = await stand('sentinel')
  const stage = stageOf(up)
  const onReplica = await isolatePrimary.inject(nodeOf(up, 'redis-2'), {}, stage)
  expect(onReplica).toMatchObject({ landed: false, proof: 'redis-2 is no primary: slave' })
  const cut = await up.links.get('cluster→redis-1').cut()
  expect(await isolatePrimary.inject(nodeOf(up, 'redis-1'), {}, stage)).toMatchObject({
    landed: false,
    proof: 'cluster→redis-1 did not answer before the cut: ECONNREFUSED',
  })
  await cut[Symbol.asyncDispose]()
  await up.cluster.redis[0]!.kill()
  expect(await isolatePrimary.inject(nodeOf(up, 'redis-1'), {}, stage)).toMatchObject({ landed: false })
})
