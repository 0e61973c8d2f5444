import { Agent, request as httpRequest } from 'node:http'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import type { Observation } from '../history/recorder.ts'
import { discipline } from '../workloads/common.ts'
import mutex from '../workloads/mutex.ts'
import { Deadline } from './deadline.ts'
import { openDoor } from './door.ts'
import type { Shop } from './order.ts'
import { Tally } from './tally.ts'
import { Works } from './works.ts'

/** The door under load, with a lock that grants when it is told to. */

/** `grant()` lets in whoever waits, and everybody from then on. */
function shopWithGate() {
  const gate = Promise.withResolvers<void>()
  const events: Observation[] = []
  const none = () => Promise.reject(new Error('this workload has no ledger'))
  let ops = 0
  const shop: Shop = {
    server: 'server-1',
    workload: mutex,
    options: mutex.options.parse({}),
    discipline: discipline.parse({}),
    lock: { acquire: () => gate.promise.then(() => ({})), release: () => Promise.resolve(true) },
    ttlMs: 1000,
    waitMs: 10_000,
    extends: false,
    db: { query: none, transaction: none },
    shelf: undefined,
    works: new Works(),
    startNs: 0n,
    now: () => performance.now() * 1e6,
    record: (event) => void events.push(event),
    tally: new Tally(() => {}),
    turns: { lagNs: () => undefined },
    acquireDeadline: new Deadline(10_000),
    deadline: new Deadline(10_000),
    nextOp: () => ++ops,
    draw: () => 0,
  }
  return { shop, events, grant: () => gate.resolve() }
}

interface Answered {
  status: number
  body: { outcome?: string; message?: string }
  connection: string | undefined
  /** Names the connection that it came through. */
  port: number | undefined
}

function asker(address: string, agent = new Agent({ keepAlive: true })) {
  onTestFinished(() => agent.destroy())
  return (requestId: string) =>
    new Promise<Answered>((resolve, reject) => {
      const request = httpRequest(`${address}/mutex`, { method: 'POST', agent })
      request.on('error', reject)
      request.on('response', (response) => {
        const port = response.socket.localPort
        let text = ''
        response.on('data', (data: Buffer) => (text += data.toString()))
        response.on('end', () =>
          resolve({
            status: response.statusCode!,
            body: JSON.parse(text) as Answered['body'],
            connection: response.headers.connection,
            port,
          }),
        )
      })
      request.end(JSON.stringify({ requestId, userId: 1, productId: 1 }))
    })
}

test('connections are kept: a thousand requests, and eight connections', async () => {
  const { shop, grant } = shopWithGate()
  await using door = await openDoor(shop, 0)
  grant()
  const ask = asker(door.address, new Agent({ keepAlive: true, maxSockets: 8 }))
  const answers = await Promise.all(Array.from({ length: 1000 }, (_, turn) => ask(`r-${turn}`)))
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1000)
  expect(new Set(answers.map(({ port }) => port)).size).toBe(8)
})

test('who comes while as many are under way as may be is refused with a sentence, and nothing is applied', async () => {
  const { shop, events, grant } = shopWithGate()
  await using door = await openDoor(shop, 0, 3)
  const ask = asker(door.address)
  const waiting = ['a', 'b', 'c'].map(ask)
  while (events.length < 3) await sleep(5)
  const refused = await ask('d')
  expect(refused).toMatchObject({
    status: 503,
    body: {
      outcome: 'unavailable',
      message: 'this server has 3 requests under way and takes no more; nothing was applied',
    },
  })
  grant()
  expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([201, 201, 201])
  expect((await ask('e')).status).toBe(201)
  expect(shop.tally.turnedAway).toBe(1)
  expect(events.flatMap((event) => (event.f === 'request' ? [event.requestId] : []))).not.toContain('d')
})

test('two thousand requests under way at once, each of which is answered', { timeout: 60_000 }, async () => {
  const { shop, events, grant } = shopWithGate()
  await using door = await openDoor(shop, 0)
  const ask = asker(door.address)
  const waiting = Array.from({ length: 2000 }, (_, turn) => ask(`r-${turn}`))
  while (events.length < 2000) await sleep(5)
  grant()
  expect(new Set((await Promise.all(waiting)).map(({ status }) => status))).toEqual(new Set([201]))
})

test('a door that closes: what is under way ends, who comes is refused, and then nobody is there', async () => {
  const { shop, events, grant } = shopWithGate()
  const door = await openDoor(shop, 0)
  const ask = asker(door.address)
  grant()
  // A connection that is kept, and is free.
  await ask('before')
  const { shop: slow, events: slowEvents, grant: letGo } = shopWithGate()
  const slowDoor = await openDoor(slow, 0)
  const askSlow = asker(slowDoor.address)
  const waiting = askSlow('under way')
  while (slowEvents.length === 0) await sleep(5)
  slowDoor.refuse()
  expect(await askSlow('late')).toMatchObject({
    status: 503,
    connection: 'close',
    body: { outcome: 'unavailable', message: 'this server is closing; nothing was applied' },
  })
  const closed = slowDoor[Symbol.asyncDispose]()
  letGo()
  expect((await waiting).status).toBe(201)
  await closed
  await expect(asker(slowDoor.address)('afterwards')).rejects.toThrow('ECONNREFUSED')
  await door[Symbol.asyncDispose]()
  await expect(asker(door.address)('afterwards')).rejects.toThrow('ECONNREFUSED')
  expect(events.filter(({ f }) => f === 'request')).toHaveLength(1)
})

test('who is under way for too long is cut off when the door closes', async () => {
  const { shop, events } = shopWithGate()
  const door = await openDoor(shop, 0)
  const waiting = asker(door.address)('never')
  // Its failure is looked at below.
  waiting.catch(() => {})
  while (events.length === 0) await sleep(5)
  await door[Symbol.asyncDispose]()
  await expect(waiting).rejects.toThrow('socket hang up')
})

test('a caller who goes away in the middle of a request is no request', async () => {
  const { shop, events, grant } = shopWithGate()
  grant()
  await using door = await openDoor(shop, 0)
  const socket = connect(Number(new URL(door.address).port), '127.0.0.1')
  socket.write('POST /mutex HTTP/1.1\r\nhost: x\r\ncontent-length: 500\r\n\r\n{"requestId":')
  await sleep(50)
  socket.destroy()
  expect((await asker(door.address)('next')).status).toBe(201)
  expect(events.filter(({ f }) => f === 'request')).toHaveLength(1)
})

test('a door has its port again after a crash; where somebody else is there, another one', async () => {
  const { shop } = shopWithGate()
  const first = await openDoor(shop, 0)
  const port = Number(new URL(first.address).port)
  await first[Symbol.asyncDispose]()
  const second = await openDoor(shop, port)
  expect(second.address).toBe(first.address)
  await second[Symbol.asyncDispose]()
  const stranger = createServer()
  await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void stranger.close())
  await using third = await openDoor(shop, (stranger.address() as AddressInfo).port)
  expect(Number(new URL(third.address).port)).not.toBe((stranger.address() as AddressInfo).port)
})
