import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { fallen } from '../src/topologies/fallen.ts'
import { until } from './support/until.ts'
import { stand, type Stand } from './support/cluster.ts'

async function pongs({ links }: Stand): Promise<string[]> {
  const answers = await Promise.all(links.all().map(async (link) => ({ link, pong: await link.ping(5000) })))
  return answers.filter(({ pong }) => pong.ok).map(({ link }) => link.name)
}

test('single: one node, a link for every server', async () => {
  await using up = await stand('single')
  expect(await pongs(up)).toEqual(['server-1→redis-1', 'server-2→redis-1'])
  expect((await up.cluster.primary()).name).toBe('redis-1')
  const { redis, password, sentinel } = up.cluster.endpoints('server-2')
  expect(redis).toEqual([{ host: '127.0.0.1', port: up.links.get('server-2→redis-1').port }])
  expect(sentinel).toBeUndefined()
  const client = new Redis({ ...redis[0]!, password })
  await client.set('stock:7', '100')
  expect(await up.cluster.admin('redis-1').get('stock:7')).toBe('100')
  client.disconnect()
})

test('what fell by itself is named: a node, a link', async () => {
  await using up = await stand({ kind: 'redlock', nodes: 3 }, ['server-1'])
  const { cluster, links } = up
  expect(await fallen(cluster, links)).toEqual([])
  process.kill(cluster.redis[1]!.pid!, 'SIGKILL')
  await until(async () => (await cluster.redis[1]!.state()) === 'down')
  await using _cut = await links.get('server-1→redis-3').cut()
  expect(await fallen(cluster, links)).toEqual([
    'redis-2 was down at the end of the drill; its log: logs/redis-2.log',
    'at the end of the drill nothing passed through server-1→redis-3 (ECONNREFUSED); log: logs/toxiproxy.log',
  ])
})

test('nobody gets in without the password of the drill', async () => {
  await using up = await stand('single', ['server-1'])
  const client = new Redis({ ...up.cluster.endpoints('server-1').redis[0]!, lazyConnect: true, retryStrategy: null })
  client.on('error', () => {})
  await expect(client.ping()).rejects.toThrow('NOAUTH')
  client.disconnect()
})

test.each([3, 5])('redlock: %i nodes that share nothing', async (nodes) => {
  await using up = await stand({ kind: 'redlock', nodes })
  expect(await pongs(up)).toHaveLength(2 * nodes)
  expect(up.cluster.redis.map(({ name }) => name)).toEqual(
    ['redis-1', 'redis-2', 'redis-3', 'redis-4', 'redis-5'].slice(0, nodes),
  )
  const { redis, password } = up.cluster.endpoints('server-1')
  expect(redis).toHaveLength(nodes)
  const client = new Redis({ ...redis[1]!, password })
  await client.set('stock:7', 'here')
  client.disconnect()
  const values = await Promise.all(up.cluster.redis.map(({ name }) => up.cluster.admin(name).get('stock:7')))
  expect(values).toEqual(['here'].flatMap((value) => [null, value, ...Array<null>(nodes - 2).fill(null)]))
})

test('sentinel: replication and a quorum from the first moment', async () => {
  await using up = await stand({ kind: 'sentinel', replicas: 2 })
  expect(await pongs(up)).toHaveLength(6 + 2 * 6)
  expect((await up.cluster.primary()).name).toBe('redis-1')
  for (const { name } of up.cluster.sentinels)
    expect(await up.cluster.admin(name).call('SENTINEL', 'CKQUORUM', 'mymaster')).toContain('OK 3 usable')
  await up.cluster.admin('redis-1').set('stock:7', '100')
  for (const replica of ['redis-2', 'redis-3'])
    await until(async () => (await up.cluster.admin(replica).get('stock:7')) === '100')
  await expect(up.cluster.admin('redis-2').set('stock:7', '1')).rejects.toThrow('READONLY')
})

test('sentinel: what nodes say to each other goes through the cluster links', async () => {
  await using up = await stand('sentinel')
  const primary = up.cluster.admin('redis-1')
  const announced = up.links.get('cluster→redis-2').port
  expect(await primary.info('replication')).toContain(`ip=127.0.0.1,port=${announced},state=online`)
  expect(await up.cluster.admin('redis-2').info('replication')).toContain(
    `master_port:${up.links.get('cluster→redis-1').port}`,
  )
  {
    await using _cut = await up.links.get('cluster→redis-1').cut()
    await until(async () => (await up.cluster.admin('redis-2').info('replication')).includes('master_link_status:down'))
    // The split brain: the servers still reach the primary.
    expect((await up.links.get('server-1→redis-1').ping(5000)).ok).toBe(true)
  }
})

test('two drills at once do not meet', async () => {
  const [one, other] = await Promise.all([stand('sentinel'), stand('redlock')])
  await using _both = {
    [Symbol.asyncDispose]: async () => void (await Promise.all([one, other].map((up) => up[Symbol.asyncDispose]()))),
  }
  const ports = [one, other].map((up) =>
    [...up.links.all(), ...up.cluster.redis, ...up.cluster.sentinels].map(({ port }) => port),
  )
  expect(new Set(ports.flat()).size).toBe(ports.flat().length)
  expect(await pongs(one)).toHaveLength(15)
  expect(await pongs(other)).toHaveLength(6)
})
