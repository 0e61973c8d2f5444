import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { report as reportSchema, type Report } from '../src/reporters/report.ts'

/** Whose fault an overlap is, where it is the lock's, in each of its forms, or the holder's: by real drills, all of the same plan. */

const scenario = `
name: overrun
title: Half of the work outlasts the lease
topology: single
lock: { ttlMs: 400, waitMs: 1500 }
workload: { kind: mutex, keys: 2, workMs: { min: 10, max: 900 } }
load: { executor: constant-vus, vus: 6, duration: 1500ms }
settle: 200ms
control: naive
`

/** What each lock does otherwise than SET NX PX and compare-and-delete. */
const locks = {
  overwrites: `take: (redis, key, token, ttlMs, waitedMs) =>
    waitedMs > 100 ? redis.set(key, token, 'PX', ttlMs) : redis.set(key, token, 'PX', ttlMs, 'NX')`,
  'grants-anyway': `take: async (redis, key, token, ttlMs, waitedMs) => waitedMs > 100 || redis.set(key, token, 'PX', ttlMs, 'NX')`,
  deletes: `release: (redis, { key }) => redis.del(key)`,
  shortens: `take: (redis, key, token, ttlMs) => redis.set(key, token, 'PX', ttlMs / 4, 'NX')`,
  overclaims: `grant: { validForMs: 3000 }`,
  'in-memory': `take: async (redis, key, token) => !taken.has(key) && taken.add(key), release: async (redis, { key }) => taken.delete(key)`,
}

const source = (name: string, parts: string) => `
const script = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"
const taken = new Set()
const parts = {
  take: (redis, key, token, ttlMs) => redis.set(key, token, 'PX', ttlMs, 'NX'),
  release: (redis, { key, token }) => redis.eval(script, 1, key, token),
  grant: {},
  ...{ ${parts} },
}
export default {
  name: '${name}',
  open(env) {
    const redis = env.connect()
    return {
      async acquire(key, { ttlMs, waitMs }) {
        const token = crypto.randomUUID()
        const fromMs = performance.now()
        for (;;) {
          const waitedMs = performance.now() - fromMs
          if (await parts.take(redis, key, token, ttlMs, waitedMs)) return { key, token, ...parts.grant }
          if (waitedMs > waitMs) return null
          await new Promise((done) => setTimeout(done, 10))
        }
      },
      release: async (grant) => Boolean(await parts.release(redis, grant)),
    }
  },
}
`

const cli = resolve(import.meta.dirname, '../src/cli.ts')
let folder: string
let reports: Map<string, Report>
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'picklock-blame-lock-'))
  await writeFile(join(folder, 'overrun.yaml'), scenario)
  for (const [name, parts] of Object.entries(locks)) await writeFile(join(folder, `${name}.mjs`), source(name, parts))
  const names = [...Object.keys(locks).map((name) => `./${name}.mjs`), 'set-nx']
  const words = ['run', './overrun.yaml', '--lock', names.join(','), '--format', 'json', '--quiet', '--seed', '7']
  const child = spawn(process.execPath, [cli, ...words], { cwd: folder })
  let stdout = ''
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()))
  await new Promise((done) => child.on('close', done))
  const all = z.array(reportSchema).parse(JSON.parse(stdout))
  reports = new Map(all.map((report) => [report.lock, report]))
}, 120_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

const overlaps = (lock: string) => reports.get(lock)!.findings.filter(({ metric }) => metric === 'overlaps')
const found = (lock: string) => reports.get(lock)!.findings.map(({ metric }) => metric)

test.each([
  ['overwrites', /key on redis-1 was overwritten at/],
  ['grants-anyway', /'s grant wrote no key on any node/],
  // Of the first of many; on a machine that starves it may be read so late that nobody can be named.
  [
    'deletes',
    /key was (deleted on redis-1 at .*, before server-\d\S* began|seen to be gone from redis-1 at .* told late)/,
  ],
  ['shortens', /expired on redis-1 at .*, earlier than the 400 ms that it had asked for/],
  ['overclaims', /expired on redis-1 at .*, while the lock claimed to hold it until/],
  ['in-memory', /the lock never wrote a key of mutex:\d on any node/],
])('lock: one that %s', (lock, story) => {
  const { verdict } = reports.get(lock)!
  expect(verdict).toBe('invalid')
  expect(overlaps(lock).find(({ blame }) => blame === 'lock')?.message).toMatch(story)
})

test('holder: a lock that did all right, and work that outlasts its lease', () => {
  expect(overlaps('set-nx').map(({ blame }) => blame)).toEqual(['holder'])
  expect(overlaps('set-nx')[0]!.message).toMatch(/expired on redis-1 at .*, in its time, and server-\d\S* went on/)
  expect(found('set-nx')).toEqual(['overlaps'])
})

test('the same record convicts by itself: who takes what is not his, and who claims what he has not', () => {
  expect(found('overwrites')).toContain('foreign_releases')
  expect(found('deletes')).toContain('foreign_releases')
  expect(found('overclaims')).toContain('overclaims')
  for (const lock of ['grants-anyway', 'shortens', 'in-memory'])
    expect(found(lock).filter((metric) => metric === 'foreign_releases' || metric === 'leaked_keys')).toEqual([])
})
