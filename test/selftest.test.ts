import { spawn } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { chooseCases } from '../src/commands/selftest/cases.ts'
import type { Outcome } from '../src/commands/selftest/outcome.ts'
import { broken } from '../src/locks/broken/index.ts'
import { sound } from '../src/locks/sound/index.ts'
import { report as reportSchema } from '../src/reporters/report.ts'

/** `picklock selftest`, `run --repeat` and drills that end early, as processes. */

const cli = resolve(import.meta.dirname, '../src/cli.ts')
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'picklock-selftest-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function picklock(line: string) {
  const child = spawn(process.execPath, [cli, ...line.split(' ')], { cwd: folder })
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (data: Buffer) => (output.stdout += data.toString()))
  child.stderr.on('data', (data: Buffer) => (output.stderr += data.toString()))
  const exitCode = await new Promise<number | null>((done) => child.on('close', done))
  return { exitCode, ...output }
}

describe('the corpus', () => {
  const everything = { locks: [], scenarios: [], seed: 1, repeat: 1 } as const

  test('every broken lock has its drill, every sound one several', async () => {
    const cases = await chooseCases({ ...everything, everywhere: false })
    const drilled = (lock: string) => cases.filter(({ plan }) => plan.lock.name === lock).length
    for (const lock of Object.keys(broken)) expect(drilled(lock), lock).toBe(1)
    for (const lock of Object.keys(sound)) expect(drilled(lock), lock).toBeGreaterThan(1)
    expect(Object.keys(sound).length).toBeGreaterThanOrEqual(6)
  })

  test('everywhere: each lock once in every scenario that it can run in, and the claims as they are', async () => {
    const own = await chooseCases({ ...everything, everywhere: false })
    const all = await chooseCases({ ...everything, everywhere: true })
    const claimed = all.filter((one) => one.claimed)
    expect(claimed.map(({ plan }) => [plan.lock.name, plan.name, plan.topology.kind])).toEqual(
      own.map(({ plan }) => [plan.lock.name, plan.name, plan.topology.kind]),
    )
    const pairs = all.filter((one) => !one.claimed).map(({ plan }) => `${plan.lock.name} ${plan.name}`)
    expect(new Set(pairs).size).toBe(pairs.length)
  })
})

describe('picklock selftest', () => {
  test('a broken lock is caught twice of twice, a sound one passes; nothing is kept; exit 0', async () => {
    const { exitCode, stdout, stderr } = await picklock(
      'selftest naive polling --scenario oversell --repeat 2 --seed 5 --format json',
    )
    const { outcomes } = JSON.parse(stdout) as { outcomes: Outcome[] }
    const naive = outcomes.filter(({ lock }) => lock === 'naive')
    expect(naive.map(({ result, named }) => [result, named])).toEqual([
      ['caught', true],
      ['caught', true],
    ])
    expect(naive[0]!.seed).toBe(5)
    expect(naive[1]!.seed).not.toBe(5)
    expect(stderr).toMatch(/✓ .*oversell · single · naive: caught after/)
    if (exitCode === 0) expect(await readdir(join(folder, 'reports'))).toEqual([])
    expect(outcomes.filter(({ lock, result }) => lock === 'polling' && result === 'false alarm')).toEqual([])
  }, 240_000)

  test('a name that is not in the corpus', async () => {
    const { exitCode, stderr } = await picklock('selftest naiv')
    expect(exitCode).toBe(2)
    expect(stderr).toContain('the corpus has no lock naiv; did you mean naive?')
    expect((await picklock('selftest naive --scenario herd')).stderr).toContain('the corpus says nothing about naive')
  })
})

describe('picklock run', () => {
  test('--repeat: one seed after the other, an array of reports; a drill whose question is answered ends early', async () => {
    const { exitCode, stdout } = await picklock(
      'run double-click --lock naive --repeat 2 --jobs 2 --seed 9 --format json --out repeated --set load.duration=20s',
    )
    const reports = z.array(reportSchema).parse(JSON.parse(stdout))
    expect(reports.length).toBe(2)
    expect(reports[0]!.seed).toBe(9)
    for (const { verdict, endedEarly, durationMs, unknownBecause } of reports) {
      expect(verdict).toBe('invalid')
      expect(endedEarly?.threshold).toBe('overlaps{blame:lock}: count==0')
      expect(durationMs).toBeLessThan(20_000)
      expect(unknownBecause).toEqual([])
    }
    expect(exitCode).toBe(1)
  })

  test('counts out of range are told', async () => {
    expect((await picklock('run oversell --repeat 0')).stderr).toContain('--repeat is "0"')
    expect((await picklock('run oversell --jobs 99')).stderr).toContain('a whole number from 1 to 8')
    expect((await picklock('run oversell --all')).stderr).toContain('--all means every scenario')
  })
})
