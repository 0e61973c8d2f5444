import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Fault } from '../src/faults/fault.ts'
import { faults, type FaultName } from '../src/faults/index.ts'
import type { Report } from '../src/reporters/report.ts'
import { drilled } from './support/drilled.ts'

/**
 * Every fault, prevented from landing: nobody holds a lock while it is on, or what it strikes is down already. By real drills, and never `valid`.
 * That each is felt, and gone after its heal, is in the files of the groups.
 */

const all = Object.values<Fault>(faults)
const ofSentinel = all.filter(({ group }) => group === 'sentinel').map(({ name }) => name as FaultName)
const ofAnybody = all.filter(({ group }) => group !== 'sentinel').map(({ name }) => name as FaultName)

/** What has no default. */
const needed: Partial<Record<FaultName, string>> = { latency: ', latencyMs: 60' }

/** One after the other, each for a moment. */
const inTurn = (
  names: readonly FaultName[],
  fromMs: number,
  everyMs: number,
  more: (name: FaultName) => string = () => '',
) =>
  names
    .map((name, index) => {
      const at = `at: ${fromMs + index * everyMs}ms, for: 60ms`
      return `  - { fault: ${name}, ${at}${needed[name] ?? ''}${more(name)} }\n`
    })
    .join('')

const head = (topology: string, seconds: number) => `name: prevented
title: Faults that find nothing to hit
topology: ${topology}
servers: 2
lock: { ttlMs: 900, waitMs: 50 }
workload: { kind: mutex, keys: 2, workMs: { min: 5, max: 20 } }
load: { executor: constant-vus, vus: 4, duration: ${seconds}s }
settle: 200ms
control: naive
faults:
`

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'picklock-prevented-'))
  await writeFile(
    join(folder, 'nobody.mjs'),
    `export default {
  name: 'nobody',
  open(env) {
    const redis = env.connect()
    return {
      async acquire(key) {
        // Not waited for: what is asked of a node may take as long as a fault on it.
        redis.get(key).catch(() => {})
        await new Promise((done) => setTimeout(done, 20))
        throw Object.assign(new Error('nobody gets in'), { definite: true })
      },
      release: async () => true,
    }
  },
}
`,
  )
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** What the report gives as reasons, in the words that begin with a fault's name or name it. */
const reasons = ({ unknownBecause }: Report, name: string) =>
  unknownBecause.filter((why) => why.startsWith(`${name} `) || why.includes(`were seen during ${name} `))

test.each([
  ['single', ofAnybody, 250, 7],
  ['{ kind: sentinel, downAfterMs: 300 }', ofSentinel, 2000, 6],
] as const)(
  'nobody holds anything, on %s: no verdict, because of each of them',
  async (topology, names, everyMs, seconds) => {
    const [report] = await drilled(folder, './nobody.mjs', head(topology, seconds) + inTurn(names, 200, everyMs))
    const crossed = report!.thresholds.filter(({ ok }) => !ok)
    expect({ verdict: report!.verdict, crossed }).toEqual({ verdict: 'unknown', crossed: [] })
    expect(report!.faults.map(({ fault }) => fault).toSorted()).toEqual(names.toSorted())
    for (const { fault, landed, holdsDuring } of report!.faults) {
      expect({ fault, landed, holdsDuring }).toEqual({ fault, landed: expect.any(Boolean), holdsDuring: 0 })
      expect({ fault, reasons: reasons(report!, fault) }).toEqual({ fault, reasons: [expect.any(String)] })
    }
  },
)

test.each([
  [
    'single',
    ['kill, target: primary', 'crash, target: server-1'],
    ofAnybody,
    (name: FaultName) => (faults[name].group === 'servers' ? ', target: server-1' : ''),
  ],
  ['{ kind: sentinel, downAfterMs: 300 }', ['kill, target: all'], ofSentinel, () => ''],
] as const)(
  'what it strikes is down, on %s: none lands, and there is no verdict',
  async (topology, fatal, names, target) => {
    const down = fatal.map((fault) => `  - { fault: ${fault}, when: acquired, after: 5, for: 5s }\n`).join('')
    const [report] = await drilled(folder, 'set-nx', head(topology, 6) + down + inTurn(names, 2000, 100, target))
    expect(report!.verdict).toBe('unknown')
    const struck = report!.faults.slice(0, fatal.length)
    expect(struck.map(({ landed }) => landed)).toEqual(struck.map(() => true))
    for (const { fault, landed, proof } of report!.faults.slice(fatal.length)) {
      expect({ fault, landed, proof }).toEqual({ fault, landed: false, proof: expect.stringMatching(/./) })
      expect(reasons(report!, fault).some((why) => why.includes(proof))).toBe(true)
    }
  },
)
