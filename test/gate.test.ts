import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { gateResult } from '../src/commands/gate/result.ts'
import { until } from './support/until.ts'

/** Real gates, each as slim as a gate may be: one drill with its control, and a duel of the fewest slices. */

const cli = resolve(import.meta.dirname, '../src/cli.ts')
const gateMaxMs = 120_000
let root: string

beforeAll(async () => {
  root = await open(await mkdtemp(join(tmpdir(), 'picklock-gate-')))
})
afterAll(() => rm(root, { recursive: true, force: true }))

/** Postgres, which does not run as root, has its data in there. */
async function open(folder: string): Promise<string> {
  await chmod(folder, 0o755)
  return folder
}

interface Asked {
  lock?: string
  /** Lines of YAML. */
  more?: string
  /** Of the drill's load. */
  duration?: string
  /** That the drill needs to say anything. */
  grants?: number
}

async function project({ lock = 'reference', more = '', duration = '1s', grants = 20 }: Asked = {}): Promise<string> {
  const folder = await open(await mkdtemp(join(root, 'project-')))
  await writeFile(
    join(folder, 'picklock.yaml'),
    `lock: ${lock}
scenarios: [{ scenario: oversell, topologies: [single], set: { load.duration: ${duration}, evidence.grants: ${grants} } }]
compare: { metrics: [acquire_wait], slices: 12 }
${more}
`,
  )
  return folder
}

/** `TMPDIR` is the gate's own, so that what it leaves there is seen. */
function start(folder: string, ...args: string[]) {
  const child = spawn(process.execPath, [cli, 'gate', '--seed', '7', '--quiet', ...args], {
    cwd: folder,
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (data) => (stdout += String(data)))
  child.stderr.on('data', (data) => (stderr += String(data)))
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((done) =>
    child.on('close', (code) => done({ code, stdout, stderr })),
  )
  return { child, ended }
}

const gate = (folder: string, ...args: string[]) => start(folder, ...args).ended
/** What drills and janitors have in their temp folder. */
const inTemp = async (folder: string) => (await readdir(folder)).filter((name) => name.startsWith('picklock-'))
const resultOf = async (folder: string) =>
  gateResult.parse(JSON.parse(await readFile(join(folder, 'reports/gate.json'), 'utf8')))

describe('picklock gate', { timeout: gateMaxMs }, () => {
  test('passes a right lock, and writes what a CI system reads', async () => {
    const folder = await project()
    const { code, stdout, stderr } = await gate(folder)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('VALID')
    const result = await resultOf(folder)
    expect(result.drills.map(({ as, report }) => [as, report.lock, report.verdict])).toEqual([
      ['control', 'naive', 'invalid'],
      ['lock under test', 'reference', 'valid'],
    ])
    expect(await readFile(join(folder, 'reports/junit.xml'), 'utf8')).toContain('<testsuites')
    expect(await readFile(join(folder, 'reports/summary.md'), 'utf8')).toMatch(/valid/i)
    expect(existsSync(join(folder, 'reports/.gate.pid'))).toBe(false)
  })

  test('refuses a lock that lets two in', async () => {
    const folder = await project({ lock: 'hands-over-too-early' })
    const { code } = await gate(folder, '--format', 'json')
    expect(code).toBe(1)
    expect((await resultOf(folder)).drills.at(-1)?.report.verdict).toBe('invalid')
  })

  test('says that it does not know where the evidence does not suffice', async () => {
    const folder = await project({ grants: 1_000_000 })
    const { code, stdout } = await gate(folder)
    expect(code).toBe(4)
    expect(stdout).toMatch(/needs 1000000 to tell anything\s+\(evidence\.grants\)/)
  })

  test('finds a lock that is slower than its baseline, in two measurements, and a budget that is crossed', async () => {
    const folder = await project({
      lock: './slow.mjs',
      more: "baseline: reference\nbudgets: { acquire_wait: ['p(50)<1'] }",
    })
    const reference = resolve(import.meta.dirname, '../src/locks/reference/index.ts')
    await writeFile(
      join(folder, 'slow.mjs'),
      `import reference from ${JSON.stringify(reference)}
export default {
  ...reference,
  name: 'slow',
  async open(env) {
    const lock = await reference.open(env)
    const acquire = async (key, given) => {
      await new Promise((wake) => setTimeout(wake, 60))
      return lock.acquire(key, given)
    }
    return { ...lock, acquire }
  },
}
`,
    )
    const { code, stdout } = await gate(folder)
    expect(stdout).toContain('slower')
    expect(code).toBe(99)
    const { comparison, drills } = await resultOf(folder)
    expect(comparison).toMatchObject({ measurements: 2, rows: [{ metric: 'acquire_wait', change: 'slower' }] })
    expect(comparison!.rows[0]!.ratio).toBeGreaterThan(1.1)
    expect(drills.find(({ as }) => as === 'lock under test')?.report.thresholds).toContainEqual(
      expect.objectContaining({ metric: 'acquire_wait', threshold: 'p(50)<1', ok: false }),
    )
  })

  test('ends in order on Ctrl-C, keeps what it knows, and leaves nothing behind', async () => {
    const folder = await project({ more: 'baseline: reference', duration: '60s' })
    const { child, ended } = start(folder)
    await until(async () => (await inTemp(folder)).length > 0)
    child.kill('SIGINT')
    expect((await ended).code).toBe(130)
    await until(async () => (await inTemp(folder)).length === 0)
    expect(await resultOf(folder)).toMatchObject({ endedBy: 'it was interrupted', exitCode: 130 })
    expect(existsSync(join(folder, 'reports/.gate.pid'))).toBe(false)
  })

  test('does not share its folder with a second one', async () => {
    const folder = await project({ duration: '60s' })
    const first = start(folder)
    await until(() => existsSync(join(folder, 'reports/.gate.pid')))
    const second = await gate(folder)
    expect(second.code).toBe(3)
    expect(second.stderr).toMatch(
      /another gate \(process \d+\) is writing to reports; wait for it, or choose another place with --out/,
    )
    first.child.kill('SIGINT')
    expect((await first.ended).code).toBe(130)
  })
})
