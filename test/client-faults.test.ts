import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { clientKill } from '../src/faults/client-kill.ts'
import { clientPause } from '../src/faults/client-pause.ts'
import { maxClients } from '../src/faults/max-clients.ts'
import { slowScript } from '../src/faults/slow-script.ts'
import { observe, type Observer } from '../src/history/observer.ts'
import { stand, type Stand } from './support/cluster.ts'
import { clientOf, msOf, onceOnly, inject, onNodes, stageOf } from './support/felt.ts'
import { until } from './support/until.ts'

let up: Stand
let eyes: Observer
let seen: string[] = []
beforeAll(async () => {
  up = await stand('redlock')
  const { name, host, port } = up.cluster.redis[0]!
  const record = (event: { f: string; event?: string; key?: string }) => {
    if (event.f === 'key' && event.event !== 'sample') seen.push(`${event.event} ${event.key}`)
  }
  eyes = await observe({ node: name, host, port, password: up.runtime.password, now: () => 0, record })
})
afterAll(async () => {
  await eyes[Symbol.asyncDispose]()
  await up[Symbol.asyncDispose]()
})
beforeEach(() => void (seen = []))

/** The harness' own connections stand: what happens to a key is seen, and no gap was. */
async function stillWatched(): Promise<void> {
  await up.cluster.admin('redis-1').set('watched', '1')
  await up.cluster.admin('redis-1').del('watched')
  await until(() => seen.includes('del watched'))
  expect(seen.filter((event) => event.startsWith('gap'))).toEqual([])
}

test('client-kill: ordinary connections end, and come back; the harness’ own stay', async () => {
  const client = clientOf(up, 'server-1')
  await client.ping()
  let closed = 0
  client.on('close', () => (closed += 1))
  const { landed, heal } = await inject(clientKill, onNodes(up, 'redis-1'), stageOf(up), {
    type: 'normal',
    everyMs: 40,
  })
  expect(landed).toBe(true)
  await until(() => closed >= 3)
  await heal()
  expect(await client.ping()).toBe('PONG')
  await stillWatched()
})

test('client-kill: of subscribers only, where there are some', async () => {
  const [client, subscriber] = [clientOf(up, 'server-1'), clientOf(up, 'server-1')]
  await client.ping()
  const closed: string[] = []
  client.on('close', () => closed.push('client'))
  const target = onNodes(up, 'redis-1')
  const nobody = await inject(clientKill, target, stageOf(up), { type: 'pubsub' })
  expect(nobody).toMatchObject({ landed: false, proof: 'redis-1 has no client of type pubsub' })
  await nobody.heal()
  await subscriber.subscribe('woken')
  subscriber.on('close', () => closed.push('subscriber'))
  const { landed, heal } = await inject(clientKill, target, stageOf(up), { type: 'pubsub' })
  expect(landed).toBe(true)
  await until(() => closed.length > 0)
  await heal()
  expect(closed).toEqual(['subscriber'])
  await stillWatched()
})

test('client-kill: waiting ones are those in a blocking command too, and ordinary ones stand in for them', async () => {
  const client = clientOf(up, 'server-1', onceOnly)
  const target = onNodes(up, 'redis-1')
  const waiting = expect(client.blpop('queue', 0)).rejects.toThrow()
  await until(async () => String(await up.cluster.admin('redis-1').client('LIST')).includes('cmd=blpop'))
  const parameters = { type: 'waiting', otherwise: 'normal' } as const
  const first = await inject(clientKill, target, stageOf(up), parameters)
  expect(first.landed).toBe(true)
  await waiting
  await first.heal()
  await client.ping()
  const second = await inject(clientKill, target, stageOf(up), parameters)
  expect(second).toMatchObject({ landed: true, proof: expect.stringContaining('none of them of type waiting') })
  await second.heal()
})

test('client-pause: writes wait until the heal, reads do not', async () => {
  const [client, reader] = [clientOf(up, 'server-1'), clientOf(up, 'server-2')]
  await Promise.all([client.ping(), reader.ping()])
  const { landed, heal } = await inject(clientPause, onNodes(up, 'redis-1'), stageOf(up), { mode: 'write' })
  expect(landed).toBe(true)
  let written = false
  const write = client.set('paused', '1', 'PX', 1000).then(() => (written = true))
  expect(await reader.get('nothing')).toBeNull()
  expect(written).toBe(false)
  await heal()
  await write
  await stillWatched()
})

test('client-pause: of everything lasts its time', async () => {
  const client = clientOf(up, 'server-1')
  await client.ping()
  const { landed, heal } = await inject(clientPause, onNodes(up, 'redis-1'), stageOf(up, 1000), { mode: 'all' })
  expect(landed).toBe(true)
  expect(await msOf(() => client.get('nothing'))).toBeGreaterThan(200)
  await heal()
  await stillWatched()
})

test('slow-script: others get BUSY until it is killed', async () => {
  const client = clientOf(up, 'server-1')
  await client.ping()
  const limit = await up.cluster.admin('redis-1').config('GET', 'lua-time-limit')
  const { landed, proof, heal } = await inject(slowScript, onNodes(up, 'redis-1'), stageOf(up), { busyAfterMs: 50 })
  expect({ landed, proof }).toMatchObject({ landed: true, proof: expect.stringContaining('BUSY') })
  await expect(client.set('busy', '1')).rejects.toThrow(/^BUSY/)
  await heal()
  expect(await client.set('busy', '1', 'PX', 1000)).toBe('OK')
  expect(await up.cluster.admin('redis-1').config('GET', 'lua-time-limit')).toEqual(limit)
  await stillWatched()
})

test('slow-script: others wait all the time, where BUSY would come later', async () => {
  const client = clientOf(up, 'server-1')
  await client.ping()
  const { landed, heal } = await inject(slowScript, onNodes(up, 'redis-1'), stageOf(up, 800), { busyAfterMs: 60_000 })
  expect(landed).toBe(true)
  const [waitedMs] = await Promise.all([msOf(() => client.set('waited', '1', 'PX', 1000)), heal()])
  expect(waitedMs).toBeGreaterThan(200)
  await stillWatched()
})

test('max-clients: connections end, dials are refused, and everybody is let in again', async () => {
  const client = clientOf(up, 'server-1', { ...onceOnly, enableOfflineQueue: false })
  await until(() => client.status === 'ready')
  let closed = 0
  client.on('close', () => (closed += 1))
  const { landed, proof, heal } = await inject(maxClients, onNodes(up, 'redis-1'), stageOf(up))
  expect({ landed, proof }).toMatchObject({ landed: true, proof: expect.stringContaining('max number of clients') })
  await until(() => closed >= 3)
  await expect(client.ping()).rejects.toThrow()
  await heal()
  await until(() => client.status === 'ready')
  expect(await client.ping()).toBe('PONG')
  await stillWatched()
})

test('faults on clients of a node that is paused or dead do not land', async () => {
  const node = up.cluster.redis[1]!
  const target = onNodes(up, 'redis-2')
  const injectAll = () => [
    inject(clientKill, target, stageOf(up), { type: 'normal' }),
    inject(clientPause, target, stageOf(up), { mode: 'write' }),
    inject(slowScript, target, stageOf(up), { busyAfterMs: 50 }),
    inject(maxClients, target, stageOf(up)),
  ]
  const check = async (state: string) => {
    for (const injection of injectAll()) {
      const { landed, proof, heal } = await injection
      expect({ landed, proof }).toEqual({ landed: false, proof: `redis-2 is ${state}` })
      await heal()
    }
  }
  await node.pause()
  await check('paused')
  await node.resume()
  await node.kill()
  await check('down')
})
