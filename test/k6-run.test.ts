import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { findTool } from '../src/lib/tools.ts'
import type { Report } from '../src/reporters/report.ts'
import { describeWithK6 } from './support/k6.ts'
import { until } from './support/until.ts'

/** `picklock run --load k6` as a process. */

const cli = resolve(import.meta.dirname, '../src/cli.ts')
let folder: string

const files: Record<string, string> = {
  'shop.yaml': `name: shop
title: A shop
topology: single
workload: { kind: mutex, keys: 5 }
load: { executor: shared-iterations, vus: 4, iterations: 60 }
settle: 100ms
control: naive
`,
  'long.yaml': `name: long
title: A long day
topology: single
workload: { kind: mutex, keys: 5 }
load: { executor: constant-vus, vus: 4, duration: 5m }
settle: 100ms
control: naive
`,
  'brief.yaml': `name: brief
title: Too brief for k6
topology: single
workload: { kind: mutex, keys: 5 }
load: { executor: constant-vus, vus: 4, duration: 500ms }
control: naive
`,
  'syntax.js': `export default function () {\n  const = 3\n}\n`,
  'init.js': `export default function () {}\nnothing.there()\n`,
  'empty.js': `export const nothing = 1\n`,
  'import.js': `import './nowhere.js'\nexport default function () {}\n`,
  'throws.js': `export default function () {\n  throw new Error('no money')\n}\n`,
  'setup.js': `export function setup() {\n  throw new Error('no shop')\n}\nexport default function () {}\n`,
  'strange.js': `import http from 'k6/http'
export const options = { vus: 2, iterations: 30 }
export default function () {
  http.post(__ENV.DOORS.split(',')[0] + '/mutex', JSON.stringify({ productId: 1 }))
}
`,
  'mine.js': `import http from 'k6/http'
const doors = __ENV.DOORS.split(',')
export const options = { vus: 2, iterations: 30, thresholds: { http_reqs: ['count<10'], http_req_failed: ['rate<0.5'] } }
export default function () {
  const body = { requestId: \`mine-\${__VU}-\${__ITER}\`, userId: 1, productId: 1 + (__ITER % Number(__ENV.KEYS)) }
  http.post(doors[__ITER % doors.length] + '/mutex', JSON.stringify(body))
}
`,
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'picklock-k6-test-'))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

function start(line: string, command = 'run', env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [cli, command, ...line.split(' ')], {
    cwd: folder,
    env: { ...process.env, ...env },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (data: Buffer) => (output.stdout += data.toString()))
  child.stderr.on('data', (data: Buffer) => (output.stderr += data.toString()))
  const ended = new Promise<number | null>((done) => child.on('close', done))
  return { child, output, ended }
}

async function run(line: string, command?: string) {
  const { output, ended } = start(line, command)
  return { exitCode: await ended, ...output }
}

const reportIn = (text: string) => (JSON.parse(text) as Report[])[0]!

/** All processes of k6 that were started from this test's folder. */
const k6Processes = () =>
  readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false
    try {
      return (
        readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('--summary-export') &&
        readlinkSync(`/proc/${pid}/cwd`) === folder
      )
    } catch {
      return false
    }
  })

test.each([
  ['./shop.yaml --k6-script mine.js', '--k6-script mine.js is run by k6; add --load k6'],
  ['./shop.yaml --load-instances 2', '--load-instances counts processes of k6; add --load k6'],
  ['./shop.yaml --load k6 --load-instances 0', '--load-instances is "0"; it must be a whole number from 1 to 32'],
  ['./shop.yaml --load k7', "argument 'k7' is invalid. Allowed choices are builtin, k6."],
])('%s: one sentence, exit code 2', async (line, sentence) => {
  const { exitCode, stdout, stderr } = await run(line)
  expect([exitCode, stdout]).toEqual([2, ''])
  expect(stderr).toContain(sentence)
  expect(stderr.trim().split('\n')).toHaveLength(1)
})

test('k6 absent: one sentence, exit code 3, and nothing is started', async () => {
  const bin = join(folder, 'bin')
  await mkdir(bin)
  for (const tool of ['redis-server', 'toxiproxy-server'] as const) await symlink(findTool(tool), join(bin, tool))
  const without = { PATH: bin, PICKLOCK_CACHE: join(folder, 'cache') }
  const { output, ended } = start('./shop.yaml --load k6', 'run', without)
  expect(await ended).toBe(3)
  expect(output).toEqual({ stdout: '', stderr: 'picklock: k6 is missing; type: picklock setup k6\n' })
  expect(await readdir(folder)).not.toContain('reports')
})

describeWithK6('k6 refuses', () => {
  test.each([
    ['syntax.js', 'picklock: k6 refuses syntax.js:2:9: Unexpected token ='],
    ['init.js', 'picklock: k6 refuses init.js:2:1: ReferenceError: nothing is not defined'],
    ['empty.js', 'picklock: k6 refuses empty.js: no exported functions in script'],
    [
      'import.js',
      'picklock: k6 refuses import.js: The moduleSpecifier "./nowhere.js" couldn\'t be found on local disk.',
    ],
    ['absent.js', 'picklock: there is no k6 script absent.js'],
  ])('%s, before anything starts', async (script, sentence) => {
    const { exitCode, stdout, stderr } = await run(`./shop.yaml --load k6 --k6-script ${script}`)
    expect([exitCode, stdout]).toEqual([2, ''])
    expect(stderr).toContain(sentence)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(await readdir(folder)).not.toContain('reports')
  })

  test('a load that it cannot make', async () => {
    const { exitCode, stderr } = await run('./brief.yaml --load k6')
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(/k6 refuses the script for mutex: .*the duration must be at least 1s, but is 500ms/)
  })
})

describeWithK6('picklock run --load k6', () => {
  test('two instances: the verdict, both latencies, and the same again by check', async () => {
    const { exitCode, stdout } = await run('./shop.yaml --load k6 --load-instances 2 --seed 4 --format json --quiet')
    const report = reportIn(stdout)
    expect([exitCode, report.verdict, report.unknownBecause]).toEqual([0, 'valid', []])
    expect(report.counts).toMatchObject({ requests: 60, iterations: 60, k6_http_reqs: 60, undelivered_requests: 0 })
    expect(report.latencyMs['request_duration']).toMatchObject({ count: 60 })
    expect(report.latencyMs['k6_http_req_duration']).toMatchObject({ count: 60 })
    expect(report.reproduce).toBe(
      'picklock run ./shop.yaml --topology single --lock reference --seed 4 --load k6 --load-instances 2',
    )
    const again = await run('reports/latest --format json', 'check')
    expect(again.exitCode).toBe(0)
    const { latencyMs, counts } = reportIn(`[${again.stdout.replace(/^\s*\[|\]\s*$/g, '')}]`)
    expect({ latencyMs, counts }).toEqual({ latencyMs: report.latencyMs, counts: report.counts })
  })

  test('a script of one’s own with its own options; a threshold of k6’s that is crossed is exit code 99', async () => {
    const { exitCode, stdout, stderr } = await run('./shop.yaml --load k6 --k6-script mine.js --format json --quiet')
    expect(stderr).toBe('')
    const report = reportIn(stdout)
    expect([exitCode, report.verdict, report.counts['requests']]).toEqual([99, 'valid', 30])
    expect(report.thresholds.filter(({ metric }) => metric.startsWith('k6 '))).toEqual([
      { metric: 'k6 http_req_failed', threshold: 'rate<0.5', value: 0, ok: true },
      { metric: 'k6 http_reqs', threshold: 'count<10', value: 30, ok: false },
    ])
  })

  test('the script of docs/scaling.md is understood', async () => {
    const page = await readFile(resolve(import.meta.dirname, '../docs/scaling.md'), 'utf8')
    await writeFile(join(folder, 'doc.js'), /```js\n([^]*?)```/.exec(page)![1]!)
    const { stdout } = await run('oversell --load k6 --k6-script doc.js --set load.duration=1s --format json --quiet')
    const { counts } = reportIn(stdout)
    expect([counts['misunderstood'], counts['requests']! > 0]).toEqual([undefined, true])
  })

  test('a script that asks for what the doors do not have learns it', async () => {
    const { exitCode, stdout } = await run('./shop.yaml --load k6 --k6-script strange.js --format json --quiet')
    const report = reportIn(stdout)
    expect([exitCode, report.counts['misunderstood']]).toEqual([4, 30])
    expect(report.unknownBecause).toContainEqual(
      expect.stringMatching(
        /: the servers' doors did not understand 30 requests, see logs\/server-1\.log for the first$/,
      ),
    )
    const log = await readFile(join(folder, 'reports', 'latest', 'logs', 'server-1.log'), 'utf8')
    expect(log).toContain('the door answered POST /mutex with 400: requestId: Invalid input')
  })

  test.each([
    ['throws.js', /^the script of k6-1 threw 60 times: throws\.js:2:\d+: Error: no money$/],
    ['setup.js', /^k6-1 ended with exit code 107: setup\.js:2:\d+: Error: no shop; its log: logs\/k6-1\.log$/],
  ])('%s: the verdict is unknown, and one sentence says why', async (script, sentence) => {
    const { exitCode, stdout } = await run(`./shop.yaml --load k6 --k6-script ${script} --format json --quiet`)
    expect(exitCode).toBe(4)
    expect(reportIn(stdout).unknownBecause).toContainEqual(expect.stringMatching(sentence))
  })

  test.each([
    ['SIGINT', 130],
    ['SIGKILL', null],
  ] as const)('%s: nothing of k6 is left', async (signal, code) => {
    const { child, ended, output } = start('./long.yaml --load k6')
    await until(() => output.stderr.includes('load') && k6Processes().length === 1)
    child.kill(signal)
    expect(await ended).toBe(code)
    await until(() => k6Processes().length === 0)
  })
})
