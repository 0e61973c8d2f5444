import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import type { Ledger } from '../src/ledger/ledger.ts'
import { openLedger } from '../src/ledger/postgres.ts'
import { report as reportSchema } from '../src/reporters/report.ts'

/** The fallbacks under a drill: Redis dies for 2 s and comes back empty, then one server alone loses it. */
const drill = `
name: redis-away
title: Redis is away for 2 s, then for one server only
topology: single
topologies: [single]
servers: 2
lock: { ttlMs: 1700, waitMs: 5000 }
workload: { kind: oversell, products: 6, stock: 300, quantity: 1, workMs: { min: 2, max: 20 }, decrement: absolute, guard: lock }
load: { executor: constant-vus, vus: 8, duration: 7s }
faults:
  - { fault: kill, target: primary, at: 1s, for: 2s, keepData: false }
  - { fault: partition, target: server-1→primary, at: 4500ms, for: 1500ms }
settle: 500ms
control: local-on-error
evidence: { grants: 100, holdsDuringFault: 20 }
`
const cli = resolve(import.meta.dirname, '../src/cli.ts')

let folder: string
let ledger: Ledger
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'picklock-fallback-'))
  await writeFile(join(folder, 'redis-away.yaml'), drill)
  ledger = await openLedger({ cacheFolder: join(import.meta.dirname, '../.cache'), log() {} })
})
afterAll(async () => {
  await ledger[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

/** Drills on two server processes; a drill that is not valid ends with exit code 1, and its report is what is asked for. */
async function run(...options: string[]) {
  const args = [cli, 'run', './redis-away.yaml', '--lock', 'reference', '--format', 'json', '--out', 'reports']
  for (const option of options) args.push('--lock-option', option)
  const { password } = new URL(ledger.url)
  const stdout = await new Promise<string>((done) => {
    execFile(
      process.execPath,
      args,
      { cwd: folder, env: { ...process.env, PGPASSWORD: password }, maxBuffer: 1e8 },
      (_error, text) => done(text),
    )
  })
  // A report must not tell it.
  expect(stdout).not.toContain(password)
  const [report] = z.tuple([reportSchema]).parse(JSON.parse(stdout))
  return report
}

test('database: valid, with holds all through the outage', async () => {
  const url = new URL(ledger.url)
  url.password = ''
  const { verdict, findings, counts, faults } = await run(
    'fallback=database',
    `databaseUrl=${url.href}`,
    'databaseTimeoutMs=5000',
  )
  expect({ verdict, findings }).toMatchObject({ verdict: 'valid' })
  expect(counts).toMatchObject({
    overlaps: 0,
    fence_violations: 0,
    lost_updates: 0,
    unsettled: 0,
    unavailable: 0,
    indeterminate: 0,
  })
  expect(faults.map(({ landed }) => landed)).toEqual([true, true])
  for (const { holdsDuring } of faults) expect(holdsDuring).toBeGreaterThan(20)
})

test('localLock: caught, and the lock is to blame', async () => {
  const { verdict, findings } = await run('fallback=localLock')
  expect(verdict).toBe('invalid')
  expect(findings).toContainEqual(expect.objectContaining({ metric: 'overlaps', blame: 'lock' }))
})
