import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { stand } from './support/cluster.ts'
import { until } from './support/until.ts'

test('a killed primary is replaced, a client follows through its own links, and the old one rejoins as a replica', async () => {
  await using up = await stand({ kind: 'sentinel', downAfterMs: 300 })
  const { cluster, links } = up
  const switches: { from: string; to: string }[] = []
  cluster.onSwitch((event) => switches.push(event))
  const { sentinel, password } = cluster.endpoints('server-1')
  using client = disconnecting(
    new Redis({
      sentinels: sentinel!.nodes,
      name: sentinel!.name,
      natMap: sentinel!.natMap,
      sentinelPassword: sentinel!.password,
      password,
      maxRetriesPerRequest: null,
    }),
  )
  await client.redis.set('before', '1')
  expect(client.redis.stream.remotePort).toBe(links.get('server-1→redis-1').port)
  await until(async () => (await cluster.admin('redis-2').get('before')) === '1')

  const [old, heir] = cluster.redis as [(typeof cluster.redis)[0], (typeof cluster.redis)[0]]
  const { port } = old
  await old.kill()
  expect(await old.state()).toBe('down')
  await until(() => switches.length > 0)
  expect(switches[0]).toEqual({ from: 'redis-1', to: 'redis-2' })
  await until(async () => (await cluster.primary()).name === 'redis-2')
  await client.redis.set('after', '2')
  expect(client.redis.stream.remotePort).toBe(links.get('server-1→redis-2').port)

  await old.restart({ keepData: true })
  expect(old.port).toBe(port)
  await until(async () => (await cluster.admin('redis-1').info('replication')).includes('master_link_status:up'))
  expect(await cluster.admin('redis-1').get('after')).toBe('2')
  expect((await cluster.primary()).name).toBe(heir.name)
  expect(switches).toHaveLength(1)
})

test('a Sentinel that was killed comes back with what it knew', async () => {
  await using up = await stand('sentinel')
  const [first] = up.cluster.sentinels
  const id = await up.cluster.admin('sentinel-1').call('SENTINEL', 'MYID')
  await first!.kill()
  await first!.restart({ keepData: true })
  await until(async () =>
    String(await up.cluster.admin('sentinel-1').call('SENTINEL', 'CKQUORUM', 'mymaster').catch(String)).startsWith(
      'OK 3',
    ),
  )
  expect(await up.cluster.admin('sentinel-1').call('SENTINEL', 'MYID')).toBe(id)
})

test('a primary that comes back before it counts as down stays primary, and its replica follows again', async () => {
  await using up = await stand({ kind: 'sentinel', downAfterMs: 20_000 })
  const [primary] = up.cluster.redis
  await up.cluster.admin('redis-1').set('before', '1')
  await primary!.kill()
  await primary!.restart({ keepData: true })
  expect(await up.cluster.admin('redis-1').get('before')).toBe('1')
  await up.cluster.admin('redis-1').set('after', '2')
  await until(async () => (await up.cluster.admin('redis-2').get('after')) === '2')
  expect((await up.cluster.primary()).name).toBe('redis-1')
})

function disconnecting(redis: Redis) {
  redis.on('error', () => {})
  return { redis, [Symbol.dispose]: () => redis.disconnect() }
}
