import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Report } from '../src/reporters/report.ts'
import { drilled } from './support/drilled.ts'

/** Whose fault an overlap is, where it is the topology's or where nobody can tell: by real drills. */

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'picklock-blame-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function drill(lock: string, scenario: string): Promise<Report> {
  const head = 'name: a-drill\ntitle: Who is to blame\ncontrol: naive\nsettle: 300ms\n'
  return (await drilled(folder, lock, head + scenario))[0]!
}

const overlaps = ({ findings }: Report) => findings.filter(({ metric }) => metric === 'overlaps')

test('topology: the primary dies with locks that no replica has', async () => {
  const report = await drill(
    'set-nx',
    `topology: { kind: sentinel, downAfterMs: 300 }
lock: { ttlMs: 6700, waitMs: 6000 }
workload: { kind: mutex, keys: 10, workMs: { min: 3500, max: 4500 } }
load: { executor: per-vu-iterations, vus: 20, iterations: 1, maxDuration: 12s, startTime: 1s }
faults:
  - { fault: cut-replication, target: replica, at: 1ms, for: 3s }
  - { fault: kill, target: primary, when: acquired, after: 5, for: 2s }
`,
  )
  expect(report.faults.map(({ landed }) => landed)).toEqual([true, true])
  expect(overlaps(report).map(({ blame }) => blame)).toEqual(['topology'])
  expect(overlaps(report)[0]!.message).toMatch(/redis-2 was promoted at .* without the key, which was never replicated/)
})

test('topology: two of three nodes restart empty within a lease', async () => {
  const report = await drill(
    'reference',
    `topology: redlock
lock: { ttlMs: 3700, waitMs: 4000 }
workload: { kind: mutex, keys: 10, workMs: { min: 1500, max: 1600 } }
load: { executor: per-vu-iterations, vus: 20, iterations: 1, maxDuration: 12s }
faults:
  - { fault: kill, target: majority, keepData: false, when: acquired, after: 8, for: 100ms }
`,
  )
  expect(report.faults.map(({ landed }) => landed)).toEqual([true])
  expect(overlaps(report).map(({ blame }) => blame)).toEqual(['topology'])
  expect(overlaps(report)[0]!.message).toMatch(/redis-\d died at .* and came back without the key/)
})

test.each([
  ['flush', '', /the flush of redis-1 at .* took the key/],
  ['eviction', ', policy: volatile-ttl', /redis-1 evicted server-\d\S*'s key/],
  ['clock-jump', ', jumpMs: 9000', /clock/],
])('topology: %s takes keys in the middle of their leases', async (fault, parameters, story) => {
  const report = await drill(
    'set-nx',
    `topology: single
lock: { ttlMs: 3700, waitMs: 4000 }
workload: { kind: mutex, keys: 10, workMs: { min: 1200, max: 1300 } }
load: { executor: per-vu-iterations, vus: 20, iterations: 1, maxDuration: 12s }
faults:
  - { fault: ${fault}, target: primary, when: acquired, after: 8, for: 200ms${parameters} }
`,
  )
  expect(report.faults.map(({ landed }) => landed)).toEqual([true])
  expect(overlaps(report).map(({ blame }) => blame)).toEqual(['topology'])
  expect(overlaps(report)[0]!.message).toMatch(story)
})

test('topology: two primaries take writes at once', async () => {
  const report = await drill(
    'set-nx',
    `topology: { kind: sentinel, downAfterMs: 300 }
lock: { ttlMs: 6700, waitMs: 2000 }
workload: { kind: mutex, keys: 4, workMs: { min: 700, max: 900 } }
load: { executor: constant-vus, vus: 8, duration: 8s }
faults:
  - { fault: isolate-primary, target: primary, at: 800ms, for: 7s }
  - { fault: partition, target: server-1→primary, at: 1500ms, for: 6s }
`,
  )
  expect(report.faults.map(({ landed }) => landed)).toEqual([true, true])
  expect(overlaps(report).map(({ blame }) => blame)).toEqual(['topology'])
  expect(overlaps(report)[0]!.message).toMatch(/two primaries|promoted/)
})

test('unclear: what took the key took the eyes with it', async () => {
  await writeFile(
    join(folder, 'blinds.mjs'),
    `export default {
  name: 'blinds',
  open(env) {
    const redis = env.connect()
    return {
      async acquire(key, { ttlMs }) {
        const token = Math.random().toString(36)
        await redis.multi().call('CLIENT', 'KILL', 'TYPE', 'pubsub').set(key, token, 'PX', ttlMs).exec()
        return { token }
      },
      release: async () => true,
    }
  },
}
`,
  )
  const report = await drill(
    './blinds.mjs',
    `topology: single
lock: { ttlMs: 2700, waitMs: 1000 }
workload: { kind: mutex, keys: 10, workMs: { min: 300, max: 400 } }
load: { executor: per-vu-iterations, vus: 4, iterations: 10, maxDuration: 12s }
`,
  )
  expect(overlaps(report).map(({ blame }) => blame)).toContain('unclear')
  const [unclear] = overlaps(report).filter(({ blame }) => blame === 'unclear')
  expect(unclear!.message).toContain('not seen')
})
