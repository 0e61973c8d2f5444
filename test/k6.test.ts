import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { percentile } from '../src/history/samples.ts'
import { Children } from '../src/lib/children.ts'
import { findTool } from '../src/lib/tools.ts'
import { beginLoad } from '../src/load/drive.ts'
import { k6Env } from '../src/load/k6/command.ts'
import { startInstances } from '../src/load/k6/instances.ts'
import type { BesideContext } from '../src/load/load.ts'
import { k6Script } from '../src/plan/k6-script.ts'
import { load as loadSchema } from '../src/plan/scenario.ts'
import type { LatencySummary } from '../src/reporters/report.ts'
import { describeWithK6 } from './support/k6.ts'
import { openShop, type ShopOptions } from './support/shop.ts'

/** The scripts and the processes of k6, with the real one. */

/** A shop that keeps the books of who asked, in place of order servers. */
async function counter() {
  const asked: { door: number; requestId: string }[] = []
  const open = async (door: number) => {
    const server = createServer((request, response) => {
      let body = ''
      request.on('data', (data: Buffer) => (body += data.toString()))
      request.on('end', () => {
        asked.push({ door, requestId: (JSON.parse(body) as { requestId: string }).requestId })
        response.writeHead(201).end()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return server
  }
  const servers = [await open(0), await open(1)]
  return {
    asked,
    doors: servers.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    async [Symbol.asyncDispose]() {
      for (const server of servers) {
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
      }
    },
  }
}

const mutex = { driver: { name: 'k6', instances: 1 }, workload: { kind: 'mutex' } } as const
const context = (children: Children, doors: string[], changes: Partial<BesideContext> = {}): BesideContext => ({
  load: loadSchema.parse({ executor: 'shared-iterations', vus: 8, iterations: 200 }),
  seed: 5,
  workload: { keys: 10 },
  thresholds: {},
  doors,
  script: k6Script(mutex, process.cwd()),
  instances: 1,
  children,
  logs: children.folder,
  ...changes,
})

/** What k6 wrote down of each instance, read once more, in another way. */
async function durations(children: Children, instances: number): Promise<Float64Array> {
  const files = Array.from({ length: instances }, (_, index) => join(children.folder, `k6-${index + 1}.samples.json`))
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')))
  const values = texts.flatMap((text) =>
    [
      ...text.matchAll(/^\{"metric":"http_req_duration","type":"Point","data":\{"time":"[^"]*","value":([\d.e-]+)/gm),
    ].map(([, value]) => Number(value)),
  )
  return Float64Array.from(values).sort()
}

describeWithK6('k6', () => {
  const workloads: ShopOptions['workload'][] = [
    { kind: 'oversell', products: 7, resubmit: 0.3 },
    { kind: 'coupon', coupons: 3, users: 11, resubmit: 0.3 },
    { kind: 'points', accounts: 5, amount: { min: 3, max: 40 }, resubmit: 0.3 },
    { kind: 'mutex', keys: 9 },
  ]
  test.each(workloads)('$kind: the script asks for what the builtin load asks for', async (workload) => {
    const load = { executor: 'shared-iterations', vus: 6, iterations: 60 }
    const asked = async (driver: NonNullable<ShopOptions['driver']>) => {
      await using shop = await openShop({ lock: 'set-nx', servers: 2, workload, load, seed: 11, driver })
      await using children = await Children.open()
      const signal = new AbortController().signal
      const drive = await beginLoad(shop.plan, {
        servers: shop.fleet,
        children,
        logs: children.folder,
        cwd: process.cwd(),
        signal,
      })
      const driven = await drive.ended
      expect(driven?.notes ?? []).toEqual([])
      await shop.fleet.close()
      const events = await shop.history()
      return events.flatMap((event) => (event.f === 'request' ? [`${event.requestId} ${event.key}`] : [])).toSorted()
    }
    const byK6 = await asked({ name: 'k6', instances: 1 })
    expect(byK6.length).toBeGreaterThanOrEqual(60)
    expect(byK6).toEqual(await asked({ name: 'builtin' }))
  })

  test.each([1, 2, 4])(
    '%i instances: each request once, and the percentiles of all samples together',
    async (instances) => {
      await using shop = await counter()
      await using children = await Children.open()
      const { ended } = await startInstances(context(children, shop.doors, { instances }))
      const driven = await ended
      expect(driven.notes).toEqual([])
      expect(new Set(shop.asked.map(({ requestId }) => requestId)).size).toBe(200)
      expect(
        shop.asked.map(({ requestId }) => Number(requestId.slice('r-5-'.length))).toSorted((a, b) => a - b),
      ).toEqual(Array.from({ length: 200 }, (_, iteration) => iteration))
      const sum = (name: string) => Object.values(driven.counts).reduce((total, counts) => total + counts[name]!, 0)
      expect([sum('iterations'), sum('k6_http_reqs'), Object.keys(driven.counts).length]).toEqual([200, 200, instances])

      const union = await durations(children, instances)
      const merged = driven.latencyMs['k6_http_req_duration'] as LatencySummary
      expect(merged).toMatchObject({
        count: 200,
        p50: percentile(union, 50),
        p90: percentile(union, 90),
        p95: percentile(union, 95),
        p99: percentile(union, 99),
        max: union.at(-1),
      })
    },
  )

  test('a double click is the same request at two doors', async () => {
    await using shop = await counter()
    await using children = await Children.open()
    const { ended } = await startInstances(context(children, shop.doors, { workload: { keys: 10, resubmit: 1 } }))
    await ended
    const doors = Map.groupBy(shop.asked, ({ requestId }) => requestId)
    expect(doors.size).toBe(200)
    for (const visits of doors.values())
      expect(visits.map(({ door }) => door).toSorted((a, b) => a - b)).toEqual([0, 1])
  })

  test('told to stop, it ends in order, and that is no doubt', async () => {
    await using shop = await counter()
    await using children = await Children.open()
    const load = loadSchema.parse({ executor: 'constant-vus', vus: 2, duration: '10m' })
    const { ended, stop } = await startInstances(context(children, shop.doors, { load }))
    // Ten requests of two users: some are from iterations that came to their end.
    while (shop.asked.length < 10) await new Promise((resolve) => setTimeout(resolve, 20))
    stop()
    const driven = await ended
    expect(driven.notes).toEqual([])
    expect(driven.counts['k6-1']!['iterations']).toBeGreaterThan(0)
  })

  test('a script that gives up is told of', async () => {
    await using shop = await counter()
    await using children = await Children.open()
    const load = loadSchema.parse({ executor: 'constant-vus', vus: 2, duration: '10m' })
    const script = join(children.folder, 'gives-up.js')
    await writeFile(script, `import exec from 'k6/execution'\nexport default () => exec.test.abort('enough')\n`)
    const { ended } = await startInstances(context(children, shop.doors, { load, script }))
    const driven = await ended
    expect(driven.notes).toEqual([
      expect.stringMatching(/^k6-1 ended with exit code 108: .*; its log: logs\/k6-1\.log$/),
    ])
  })

  test.each(['orders', 'coupons', 'points', 'mutex'])(
    '%s.js by hand: it wants to know the doors, and no more',
    async (name) => {
      await using shop = await counter()
      const byHand = async (...more: string[]) => {
        const script = join(import.meta.dirname, '../k6', `${name}.js`)
        const k6 = spawn(findTool('k6'), ['run', '--vus', '2', '--iterations', '20', ...more, script], {
          stdio: ['ignore', 'ignore', 'pipe'],
          env: { ...process.env, ...k6Env() },
        })
        const [stderr, [code]] = await Promise.all([text(k6.stderr), once(k6, 'exit')])
        return { code: code as number, stderr }
      }
      expect((await byHand('-e', `DOORS=${shop.doors.join(',')}`)).code).toBe(0)
      expect(shop.asked.map(({ door }) => door).toSorted((a, b) => a - b)).toEqual([
        ...Array(10).fill(0),
        ...Array(10).fill(1),
      ])
      const { code, stderr } = await byHand()
      expect(stderr).toContain(
        'DOORS is empty; give the addresses of the order servers: -e DOORS=http://127.0.0.1:1234',
      )
      expect(code).not.toBe(0)
    },
  )

  test('nobody behind the doors: requests that were not delivered are counted', async () => {
    await using children = await Children.open()
    const { ended } = await startInstances(context(children, ['http://127.0.0.1:9']))
    const { counts, notes } = await ended
    expect([counts['k6-1'], notes]).toEqual([
      { iterations: 200, dropped_iterations: 0, k6_http_reqs: 200, undelivered_requests: 200 },
      [],
    ])
  })
})
