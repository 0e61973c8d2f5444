import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { holdsOf, holdAt, serverOf } from '../src/checkers/holds.ts'
import { blockEventLoop } from '../src/faults/block-event-loop.ts'
import { crash } from '../src/faults/crash.ts'
import type { Target } from '../src/faults/fault.ts'
import { stopProcess } from '../src/faults/stop-process.ts'
import { processState } from '../src/lib/children.ts'
import { openShop, type TestShop } from './support/shop.ts'
import { until } from './support/until.ts'

/** Real server processes with a real Redis, and what a customer at their door feels. */

const program = `stdio:${process.execPath} ${resolve(import.meta.dirname, 'programs/odd.mjs')} good`
const scripted = './test/support/scripted-lock.mjs'
const busy = { executor: 'constant-vus', vus: 4, duration: '60s' }
const workload = { kind: 'mutex', keys: 2, workMs: { min: 5, max: 30 } } as const

const at = ({ fleet }: TestShop, index: number, whileHolding = false): Target => {
  const server = fleet.servers[index]!
  return { label: server.name, nodes: [], links: [], servers: [server], whileHolding }
}

/** Whether anybody is in, within 250 ms. */
const answers = (shop: TestShop, index: number) =>
  fetch(`${shop.fleet.servers[index]!.door}/health`, { signal: AbortSignal.timeout(250) }).then(
    ({ ok }) => ok,
    () => false,
  )

/** What a drill writes down of its servers. */
function changesOf({ fleet }: TestShop) {
  const seen: { change: string; server: string; t: number | undefined }[] = []
  for (const server of fleet.servers) server.onChange = (change, t) => seen.push({ change, server: server.name, t })
  return seen
}

async function end(shop: TestShop, load: Promise<void>) {
  shop.fleet.stop(0)
  await load
  await shop.fleet.close()
  return shop.history()
}

/** A hold of that server that was believed in at that moment. */
const heldAt = (events: Awaited<ReturnType<TestShop['history']>>, server: string, t: number) => {
  const holds = holdsOf(events)
  return Array.from({ length: holds.size }, (_, index) => holdAt(holds, index)).filter(
    (hold) => hold.server === server && hold.startNs <= t && hold.endNs >= t,
  )
}

describe('stop-process', () => {
  test('server and program stand still, and go on after the heal', async () => {
    await using shop = await openShop({ lock: program, workload })
    const changes = changesOf(shop)
    const pids = shop.fleet.servers[0]!.pids
    expect(pids).toHaveLength(2)
    expect(await answers(shop, 0)).toBe(true)

    const { landed, proof, heal } = await stopProcess.inject(at(shop, 0))
    expect(landed).toBe(true)
    expect(proof).toBe(`server-1 (pid ${pids.join(', ')}) is stopped`)
    expect(pids.map(processState)).toEqual(['T', 'T'])
    expect(await answers(shop, 0)).toBe(false)

    const again = await stopProcess.inject(at(shop, 0))
    expect(again).toMatchObject({ landed: false, proof: 'server-1 was paused already' })
    await again.heal()
    expect(pids.map(processState)).toEqual(['T', 'T'])

    await heal()
    expect(await answers(shop, 0)).toBe(true)
    expect(changes.map(({ change }) => change)).toEqual(['paused', 'resumed'])
  })

  test('a holder is stopped while it holds, as its history shows', async () => {
    await using shop = await openShop({ servers: 2, lock: 'set-nx', workload, load: busy })
    const changes = changesOf(shop)
    const load = shop.fleet.load(60_000)
    await until(() => shop.fleet.progress().acquired > 10)
    for (let turn = 0; turn < 5; turn++) {
      const index = turn % 2
      const { landed, proof, heal } = await stopProcess.inject(at(shop, index, true))
      expect(landed).toBe(true)
      expect(proof).toMatch(/is stopped while it held mutex:\d/)
      await heal()
    }
    const events = await end(shop, load)
    const stops = changes.filter(({ change }) => change === 'paused')
    expect(stops).toHaveLength(5)
    for (const { server, t } of stops) expect(heldAt(events, server, t!)).not.toEqual([])
  })

  test('where nobody holds anything it does not land, and the server goes on', async () => {
    await using shop = await openShop({ lock: 'set-nx', workload })
    expect(await shop.fleet.holder(50, new AbortController().signal)).toBeUndefined()
    const { landed, proof, heal } = await stopProcess.inject(at(shop, 0, true))
    expect({ landed, proof }).toEqual({ landed: false, proof: 'server-1 held no lock within 2 s' })
    // The order is void: a hold that begins now is none of its business.
    expect(await shop.post(0, '/mutex', { requestId: 'late', userId: 1, productId: 1 })).toMatchObject({ status: 201 })
    expect(await answers(shop, 0)).toBe(true)
    await heal()
  })

  test('a server whose event loop does not hear is stopped from outside', async () => {
    await using shop = await openShop({ lock: scripted, workload })
    const block = await blockEventLoop.inject(at(shop, 0))
    const { landed, heal } = await stopProcess.inject(at(shop, 0))
    expect(landed).toBe(true)
    expect(processState(shop.fleet.servers[0]!.pid!)).toBe('T')
    await heal()
    await block.heal()
    await until(() => answers(shop, 0))
  })
})

describe('block-event-loop', () => {
  test('the server burns its CPU and does not answer, until the heal', async () => {
    await using shop = await openShop({ lock: scripted, workload })
    const changes = changesOf(shop)
    const { landed, proof, heal } = await blockEventLoop.inject(at(shop, 0))
    expect(landed).toBe(true)
    expect(proof).toMatch(/^server-1 \(pid \d+\) burned \d+ ms of CPU, and its door does not answer$/)
    expect(await answers(shop, 0)).toBe(false)
    await heal()
    await until(() => answers(shop, 0))
    expect(changes.map(({ change }) => change)).toEqual(['paused', 'resumed'])
  })

  test('a program goes on meanwhile', async () => {
    await using shop = await openShop({ lock: program, workload })
    const [, programPid] = shop.fleet.servers[0]!.pids
    const { landed, heal } = await blockEventLoop.inject(at(shop, 0))
    expect(landed).toBe(true)
    expect(processState(programPid!)).not.toBe('T')
    await heal()
  })

  test('a stopped server cannot be blocked', async () => {
    await using shop = await openShop({ lock: scripted, workload })
    const stop = await stopProcess.inject(at(shop, 0))
    expect(await blockEventLoop.inject(at(shop, 0))).toMatchObject({
      landed: false,
      proof: 'server-1 was paused already',
    })
    await stop.heal()
  })
})

describe('crash', () => {
  test('server and program are gone; a new one opens the lock anew and goes on with the load', async () => {
    await using shop = await openShop({ servers: 2, lock: program, workload, load: busy })
    const [first, second] = shop.fleet.servers
    const changes = changesOf(shop)
    const deaths: string[] = []
    first!.onDeath = (how) => deaths.push(how)
    const { pids, door } = first!
    const load = shop.fleet.load(60_000)
    await until(() => shop.fleet.progress().acquired > 10)

    const { landed, proof, heal } = await crash.inject(at(shop, 0, true))
    expect(landed).toBe(true)
    expect(proof).toMatch(new RegExp(`^server-1 \\(pid ${pids.join(', ')}\\) gone while it held mutex:\\d`))
    expect(first!.pid).toBeUndefined()
    expect(await answers(shop, 0)).toBe(false)
    const acquired = second!.progress.acquired
    await until(() => second!.progress.acquired > acquired + 10)
    expect(await crash.inject(at(shop, 0))).toMatchObject({ landed: false, proof: 'server-1 was down already' })

    const before = first!.progress.acquired
    await heal()
    expect(first!.pids).toHaveLength(2)
    expect(pids).not.toContain(first!.pid)
    // Where k6, or a balancer, looks for it.
    expect(first!.door).toBe(door)
    expect(await answers(shop, 0)).toBe(true)
    await until(() => first!.progress.acquired > before + 10)

    const events = await end(shop, load)
    // Those who died because they were killed on purpose did not end by themselves.
    expect(deaths).toEqual([])
    expect(changes.filter(({ server }) => server === 'server-1').map(({ change }) => change)).toEqual([
      'paused',
      'down',
      'up',
    ])
    const invoked = events.flatMap((event) =>
      event.f === 'acquire' && event.type === 'invoke' && serverOf(event.process) === 'server-1' ? [event.op] : [],
    )
    expect(new Set(invoked).size).toBe(invoked.length)
    const requests = events.flatMap((event) => (event.f === 'request' ? [event.requestId] : []))
    expect(new Set(requests).size).toBe(requests.length)
  })

  test('iterations that are counted are begun by one or the other', async () => {
    const iterations = 300
    await using shop = await openShop({
      servers: 2,
      lock: scripted,
      workload,
      load: { executor: 'shared-iterations', vus: 4, iterations },
    })
    changesOf(shop)
    const load = shop.fleet.load(60_000)
    await until(() => shop.fleet.progress().requests > 60)
    const { heal } = await crash.inject(at(shop, 0))
    await sleep(50)
    await heal()
    await load
    await shop.fleet.close()
    const ids = (await shop.history()).flatMap((event) => (event.f === 'request' ? [event.requestId] : []))
    // Those under way at the crash are lost, and a few whose end was not told are done again.
    expect(new Set(ids).size).toBeGreaterThan(iterations - 10)
    expect(new Set(ids).size).toBeLessThanOrEqual(iterations)
  })

  test('when the drill is over nobody comes back, and nothing is left', async () => {
    await using shop = await openShop({ lock: scripted, workload, load: busy })
    changesOf(shop)
    const load = shop.fleet.load(60_000)
    const { heal } = await crash.inject(at(shop, 0))
    shop.fleet.stop(0)
    await heal()
    await load
    expect(shop.fleet.servers[0]!.pid).toBeUndefined()
  })
})
