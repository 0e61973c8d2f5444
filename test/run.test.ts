import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { report as reportSchema } from '../src/reporters/report.ts'

/** `picklock run` as a process: what it prints, what it leaves, how it ends. */

const cli = resolve(import.meta.dirname, '../src/cli.ts')
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'picklock-run-'))
  // The contract's fields and nothing else; no import from Picklock.
  await writeFile(
    join(folder, 'my-lock.mjs'),
    `export default {
  name: 'my-lock',
  open(env) {
    const redis = env.connect()
    return {
      async acquire(key, { ttlMs, waitMs, signal }) {
        const token = Math.random().toString(36)
        const giveUpAt = Date.now() + waitMs
        while (Date.now() <= giveUpAt && !signal.aborted) {
          if (await redis.set(key, token, 'PX', ttlMs, 'NX')) return { token, key }
          await new Promise((resolve) => setTimeout(resolve, 10))
        }
        return null
      },
      async release({ token, key }) {
        const script = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"
        return (await redis.eval(script, 1, key, token)) === 1
      },
    }
  },
}
`,
  )
})
afterAll(() => rm(folder, { recursive: true, force: true }))

function start(...args: string[]) {
  const child = spawn(process.execPath, [cli, 'run', ...args], { cwd: folder })
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (data: Buffer) => (output.stdout += data.toString()))
  child.stderr.on('data', (data: Buffer) => (output.stderr += data.toString()))
  const ended = new Promise<number | null>((done) => child.on('close', done))
  return { child, output, ended }
}

/** The words of one command line. */
async function run(line: string) {
  const { output, ended } = start(...line.split(' '))
  return { exitCode: await ended, ...output }
}

describe('picklock run', () => {
  test('a bad lock on all topologies: an array of reports and nothing else on stdout, exit 1', async () => {
    const { exitCode, stdout, stderr } = await run('oversell --topology all --lock naive --format json --out bad')
    const reports = z.array(reportSchema).parse(JSON.parse(stdout))
    expect(reports.map(({ topology, verdict }) => [topology, verdict])).toEqual([
      ['single', 'invalid'],
      ['sentinel', 'invalid'],
      ['redlock', 'invalid'],
    ])
    for (const { counts, seed } of reports) {
      expect(counts['overlaps']).toBeGreaterThan(0)
      expect(counts['lost_updates']! + counts['oversold']! + counts['duplicates']!).toBeGreaterThan(0)
      expect(seed).toBe(reports[0]!.seed)
    }
    expect(stderr).toContain('oversell · redlock · naive')
    expect(exitCode).toBe(1)
  })

  test("a lock of the user's own, with its control: valid, exit 0, both reports written", async () => {
    const { exitCode, stdout } = await run('oversell --lock ./my-lock.mjs --with-control --seed 7 --out good --quiet')
    expect(stdout).toMatch(/VALID +oversell · single · my-lock · seed 7/)
    expect(stdout).toMatch(/control +naive: caught after/)
    expect(stdout).toContain('picklock run oversell --topology single --lock ./my-lock.mjs --seed 7')
    expect(exitCode).toBe(0)
    expect((await readdir(join(folder, 'good'))).map((name) => name.replace(/^[\d-]+/, '')).sort()).toEqual([
      'latest',
      'oversell-single-my-lock',
      'oversell-single-naive',
    ])
    const latest = JSON.parse(await readFile(join(folder, 'good', 'latest', 'report.json'), 'utf8')) as unknown
    expect(reportSchema.parse(latest)).toMatchObject({
      lock: 'my-lock',
      control: { lock: 'naive', verdict: 'invalid' },
    })
  })

  test('a control that is not caught turns the verdict into unknown, exit 4', async () => {
    const scenario = await readFile(resolve(import.meta.dirname, '../scenarios/oversell.yaml'), 'utf8')
    await writeFile(join(folder, 'blind.yaml'), scenario.replace('control: naive', 'control: set-nx'))
    const { exitCode, stdout } = await run('blind.yaml --with-control --set load.duration=1500ms --out blind --quiet')
    expect(stdout).toMatch(/UNKNOWN/)
    expect(stdout).toMatch(/could\s+not\s+have\s+seen/)
    expect(exitCode).toBe(4)
  })

  test('Ctrl-C in the middle: what was seen is reported, exit 130', async () => {
    const { child, output, ended } = start('oversell', '--out', 'interrupted', '--set', 'load.duration=60s')
    while (!output.stderr.includes('  load\n') && child.exitCode === null) await sleep(20)
    await sleep(500)
    child.kill('SIGINT')
    expect(await ended).toBe(130)
    expect(output.stdout).toMatch(/UNKNOWN/)
    expect(output.stdout).toMatch(/was interrupted/)
    expect(output.stderr).toContain('interrupted: 1 of 1 drills came to a report')
    expect(existsSync(join(folder, 'interrupted', 'latest', 'history.ndjson.gz'))).toBe(true)
  })

  test('Ctrl-C ends a drill whose lock never returns to the event loop', async () => {
    const lock =
      "export default { name: 'loops', open: () => ({ acquire() { for (;;); }, release: async () => true }) }"
    await writeFile(join(folder, 'loops.mjs'), lock)
    const { child, output, ended } = start('oversell', '--lock', './loops.mjs', '--out', 'loops')
    while (!output.stderr.includes('  load\n') && child.exitCode === null) await sleep(20)
    await sleep(300)
    child.kill('SIGINT')
    expect(await ended).toBe(130)
    expect(output.stdout.replace(/\s+/g, ' ')).toContain('server-1 no longer answered')
  })

  test('a reader that goes away is no failure', async () => {
    const child = spawn('sh', ['-c', `"${process.execPath}" "${cli}" list; echo "exit $?" >&2`], { cwd: folder })
    let stderr = ''
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()))
    child.stdout.destroy()
    await new Promise((done) => child.on('close', done))
    expect(stderr).toBe('exit 0\n')
  })
})
