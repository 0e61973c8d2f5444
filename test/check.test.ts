import { spawn } from 'node:child_process'
import { appendFile, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Event } from '../src/history/event.ts'
import { judge } from '../src/judge.ts'
import { countByProcess } from '../src/past/record.ts'
import { judgeAgain } from '../src/past/judge-again.ts'
import { readDrill } from '../src/past/read.ts'
import type { Plan } from '../src/plan/scenario.ts'
import { openReportFolder } from '../src/reporters/folder.ts'
import { report as reportSchema, type Report } from '../src/reporters/report.ts'
import { exitCode } from '../src/verdict.ts'
import { random } from '../src/lib/random.ts'
import { invalidExample, plan, validExample } from './support/reports.ts'

/** Drills of the past: judged again as they were, and however damaged, never with an exception and never as valid. */

const cli = resolve(import.meta.dirname, '../src/cli.ts')
const startedAt = new Date('2026-11-21T09:00:00.123Z')
let root: string
beforeAll(async () => void (root = await mkdtemp(join(tmpdir(), 'picklock-check-'))))
afterAll(() => rm(root, { recursive: true, force: true }))

/** A drill as it is written, and the report that it was given. */
async function drill(
  events: Event[],
  of: Plan,
  control?: Report['control'],
): Promise<{ path: string; report: Report }> {
  const folder = await openReportFolder(join(root, 'reports'), of, startedAt)
  const damage = { duplicates: 0, oversold: 0, negative_stock: 0, lost_updates: 0, stale_writes_refused: 0 }
  const record = {
    plan: of,
    startedAt,
    durationMs: 8601.25,
    events,
    notes: [],
    damage: { ...damage, stale_writes_accepted: 0, entries: 12, examples: {} },
    lock: undefined,
    versions: { redis: '8.2.1' },
    commit: 'c0ffee',
    interrupted: false,
  }
  const report = judge(record, control)
  await folder.write({ report, record, control })
  return { path: folder.path, report }
}

const good = () => {
  const { events } = validExample()
  return drill(events, { ...plan('reference', 'single'), servers: 2 })
}

async function picklock(args: string[]) {
  const child = spawn(process.execPath, [cli, ...args], { cwd: root })
  const output = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].on('data', (data: Buffer) => (output[stream] += data.toString()))
  const code = await new Promise((done) => child.on('close', done))
  return { code, ...output }
}

describe('judged again', () => {
  test('the same report to the last sentence, and the same exit code', async () => {
    const caught = { lock: 'naive', verdict: 'invalid', metric: 'overlaps', afterMs: 812 } as const
    const missed = { ...caught, verdict: 'valid', metric: null, afterMs: null } as const
    const drills = [
      await good(),
      await drill(validExample().events, plan('reference', 'single'), caught),
      await drill(validExample().events, plan('reference', 'single'), missed),
      await drill(invalidExample().events, invalidExample().plan),
    ]
    expect(drills.map(({ report }) => report.verdict)).toEqual(['valid', 'valid', 'unknown', 'invalid'])
    for (const { path, report } of drills) {
      expect(JSON.parse(JSON.stringify(judgeAgain(await readDrill(path), path)))).toEqual(
        JSON.parse(JSON.stringify(report)),
      )
    }
    const last = drills.at(-1)!
    const { code, stdout } = await picklock(['check', last.path, '--format', 'json'])
    expect(z.array(reportSchema).parse(JSON.parse(stdout))).toEqual([reportSchema.parse(last.report)])
    expect(code).toBe(exitCode([last.report]))
    expect((await picklock(['check', join(last.path, 'history.ndjson.gz')])).code).toBe(1)
  })

  test('picklock report writes any file again', async () => {
    const { path } = await good()
    const names = ['junit.xml', 'metrics.txt', 'report.json', 'summary.md']
    const before = await Promise.all(names.map((name) => readFile(join(path, name), 'utf8')))
    for (const name of names) await rm(join(path, name))
    const { code, stdout } = await picklock(['report', path])
    expect(code).toBe(0)
    expect(stdout).toContain(join(path, 'latency.csv'))
    expect(await Promise.all(names.map((name) => readFile(join(path, name), 'utf8')))).toEqual(before)
    await picklock(['report', path, '--format', 'csv', '--out', join(root, 'elsewhere')])
    expect(await readdir(join(root, 'elsewhere'))).toEqual(['latency.csv'])
    expect((await picklock(['report', path, '--format', 'jnuit'])).stderr).toContain('did you mean junit?')
  })
})

describe('damaged', () => {
  let path: string
  let history: string
  let lines: string[]
  beforeEach(async () => {
    path = (await good()).path
    history = join(path, 'history.ndjson.gz')
    lines = gunzipSync(await readFile(history))
      .toString()
      .trimEnd()
      .split('\n')
  })
  const rewrite = (some: string[]) => writeFile(history, gzipSync(`${some.join('\n')}\n`))
  const again = async () => judgeAgain(await readDrill(path), path)
  const raw = async (skip: string) => {
    await rm(history)
    await rm(join(path, 'record.json'))
    await mkdir(join(path, 'history'))
    for (const name of ['controller', 'server-1', 'server-2'])
      if (name !== skip)
        await writeFile(
          join(path, 'history', `${name}.ndjson`),
          lines.filter((line) => line.includes(`"process":"${name}`)).join('\n'),
        )
  }

  const harms: [name: string, harm: () => Promise<unknown>, said: RegExp][] = [
    ['a line that is cut', () => rewrite(lines.with(30, lines[30]!.slice(0, 40))), /history\.ndjson\.gz:31 is cut/],
    [
      'lines that are gone',
      () => rewrite(lines.toSpliced(30, 4)),
      /of the \d+ events that server-\d wrote \d+ are left/,
    ],
    ['a missing end', () => rewrite(lines.slice(0, -2)), /that controller wrote \d+ are left/],
    ['gzip cut short', async () => truncate(history, (await readFile(history)).length - 300), /ends in the middle/],
    [
      'gzip overwritten',
      async () => writeFile(history, (await readFile(history)).fill(7, 500)),
      /is damaged in the middle/,
    ],
    ['no gzip at all', () => writeFile(history, lines.join('\n')), /is damaged in the middle/],
    [
      'an unknown event',
      () => rewrite(lines.with(30, '{"t":5,"process":"a","type":"ok","f":"teleport"}')),
      /not known/,
    ],
    ['no history', () => rm(history), /there is no history/],
    ['an empty history', () => writeFile(history, ''), /of the \d+ events that controller wrote none is left/],
    ['no record', () => rm(join(path, 'record.json')), /record\.json is missing or damaged/],
    ['a damaged record', () => truncate(join(path, 'record.json'), 90), /record\.json is missing or damaged/],
    ['a damaged plan', () => truncate(join(path, 'plan.json'), 90), /plan\.json is damaged/],
    ['a plan of nonsense', () => writeFile(join(path, 'plan.json'), '{"name":7}'), /plan\.json is damaged/],
    ['a process without its file', () => raw('server-2'), /no event of server-2: its file is missing/],
    ['a controller without its file', () => raw('controller'), /the history ends at .*, before the drill did/],
    [
      'a clock that went backwards',
      async () => {
        await raw('')
        const file = join(path, 'history', 'server-1.ndjson')
        const back = (await readFile(file, 'utf8')).split('\n').map((line, index) => {
          const event = JSON.parse(line) as Event
          return JSON.stringify(index < 60 ? event : { ...event, t: event.t - 3e9 })
        })
        await writeFile(file, back.join('\n'))
      },
      /server-1\.ndjson:61 is \d\.\d s before what stands above it: a clock went backwards/,
    ],
  ]
  test.each(harms)('%s: unknown, with a sentence', async (_, harm, said) => {
    await harm()
    const { verdict, unknownBecause } = await again()
    expect(verdict).toBe('unknown')
    expect(unknownBecause.join('\n')).toMatch(said)
    expect((await picklock(['check', path])).code).toBe(4)
  })

  test('what is there is kept: an overlap before the damage is one', async () => {
    const { events, plan: of } = invalidExample()
    const broken = await drill(events, of)
    const file = join(broken.path, 'history.ndjson.gz')
    const whole = gunzipSync(await readFile(file)).toString()
    await writeFile(file, gzipSync(whole.slice(0, whole.indexOf('\n', whole.length * 0.9) + 20)))
    const { verdict, unknownBecause, findings } = judgeAgain(await readDrill(broken.path), broken.path)
    expect(verdict).toBe('unknown')
    expect(findings.map(({ metric }) => metric)).toContain('overlaps')
    expect(unknownBecause[0]).toMatch(/^violations were seen before the place where the history breaks off, and stand/)
    expect(unknownBecause.join('\n')).toMatch(/is cut or no event/)
    expect((await picklock(['check', broken.path])).stdout).toMatch(/\? UNKNOWN .*\n {2}seen {8}two servers held/)
  })

  test('nobody is convicted by a hole: the release may have stood in it', async () => {
    const release = lines.findIndex((line) => line.includes('"type":"invoke","f":"release"'))
    await rewrite(lines.toSpliced(release, 1))
    const { verdict, unknownBecause, findings } = await again()
    expect(findings.map(({ metric }) => metric)).toContain('overlaps')
    expect(verdict).toBe('unknown')
    expect(unknownBecause[0]).toBe('what was found may come of what is missing from the history')
  })

  test('whatever is done to its bytes: never an exception, never valid', async () => {
    const draw = random(42, 'damage')
    const whole = lines.join('\n')
    const plain = join(path, 'history.ndjson')
    await rm(history)
    for (let round = 0; round < 150; round++) {
      const at = Math.floor(draw() * whole.length)
      const length = 1 + Math.floor(draw() ** 4 * 3000)
      const junk = ['', '\0', '"', '}', '\n', 'null', '9e999', '-1', '[]', whole.slice(at - 500, at)][
        Math.floor(draw() * 10)
      ]!
      await writeFile(plain, whole.slice(0, at) + junk + whole.slice(at + length))
      const report = await again()
      reportSchema.parse(JSON.parse(JSON.stringify(report)))
      const unharmed = countByProcess((await readDrill(path)).record.events)
      if (report.verdict === 'valid') expect(unharmed).toEqual(countByProcess(validExample().events))
    }
  })
})

describe('of another make', () => {
  const foreign = (name: string, events: object[]) =>
    writeFile(join(root, name), events.map((event) => JSON.stringify(event)).join('\n'))
  const hold = (op: number, process: string, from: number, to: number) => [
    { t: from, process, type: 'invoke', f: 'acquire', op, key: 'a' },
    { t: from + 1, process, type: 'ok', f: 'acquire', op, key: 'a' },
    { t: to, process, type: 'invoke', f: 'release', op: op + 100, key: 'a', grant: op },
    { t: to + 1, process, type: 'ok', f: 'release', op: op + 100, key: 'a', grant: op },
  ]

  test('a history without a plan is judged as far as it tells, and says of what it does not', async () => {
    await foreign('good.ndjson', [...hold(1, 'x', 0, 10), ...hold(2, 'y', 20, 30)])
    await foreign('bad.ndjson', [...hold(1, 'x', 0, 30), ...hold(2, 'y', 20, 40)])
    const fine = await picklock(['check', 'good.ndjson'])
    expect(fine.stderr).toContain('overlaps and unsettled were judged')
    expect(fine.stderr).toContain('not judged: duplicates, oversold, negative_stock and lost_updates, because')
    expect(fine.code).toBe(0)
    const { code, stdout } = await picklock(['check', 'bad.ndjson', '--format', 'json'])
    const [report] = z.array(reportSchema).parse(JSON.parse(stdout))
    expect(report!.counts['overlaps']).toBe(1)
    expect(report!.thresholds.map(({ metric }) => metric).sort()).toEqual(['overlaps', 'unsettled'])
    expect(code).toBe(1)
  })

  test('a folder with a file for each process, whose numbers are taken twice', async () => {
    await mkdir(join(root, 'processes'))
    await foreign('processes/x.ndjson', hold(1, 'x', 0, 10))
    await foreign('processes/y.ndjson', hold(1, 'y', 20, 30))
    const report = judgeAgain(await readDrill(join(root, 'processes')), 'processes')
    expect(report.verdict).toBe('unknown')
    expect(report.unknownBecause.join()).toContain('it must be unique in the whole history')
    expect((await readDrill(join(root, 'processes'))).record.events).toHaveLength(8)
  })

  test('nothing there is one sentence', async () => {
    await mkdir(join(root, 'empty'))
    for (const [path, said] of [
      ['nowhere', 'there is no report and no history at nowhere'],
      ['empty', 'empty is no report and holds no history'],
    ] as const) {
      const { code, stderr } = await picklock(['check', path])
      expect(stderr).toContain(said)
      expect(code).toBe(2)
    }
  })
})

describe('a place that takes nothing', () => {
  test('a full disk, for a report and for stdout', async () => {
    const { path } = await good()
    await rm(join(path, 'junit.xml'))
    await symlink('/dev/full', join(path, 'junit.xml'))
    const { code, stderr } = await picklock(['report', path, '--format', 'junit'])
    expect(stderr).toBe(
      `picklock: cannot write the report to ${path}: the disk is full; choose another place with --out\n`,
    )
    expect(code).toBe(3)

    const child = spawn('sh', ['-c', `"${process.execPath}" "${cli}" check "${path}" > /dev/full; echo "exit $?" >&2`])
    let said = ''
    child.stderr.on('data', (data: Buffer) => (said += data.toString()))
    await new Promise((done) => child.on('close', done))
    expect(said).toBe('picklock: the output cannot be written: the disk is full\nexit 3\n')
  })

  test('a folder that cannot be written', async () => {
    const { path } = await good()
    const { code, stderr } = await picklock(['report', path, '--out', '/proc/picklock'])
    expect(stderr).toMatch(
      /^picklock: cannot write the report to \/proc\/picklock: .*; choose another place with --out\n$/,
    )
    expect(code).toBe(3)
  })

  test('a reader that goes away', async () => {
    const { path } = await good()
    await cp(path, join(root, 'copy'), { recursive: true })
    await appendFile(join(root, 'copy', 'record.json'), ' ')
    const child = spawn('sh', ['-c', `"${process.execPath}" "${cli}" check copy copy copy | head -1; echo "exit $?"`], {
      cwd: root,
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()))
    await new Promise((done) => child.on('close', done))
    expect(output.trim()).toBe('exit 0')
  })
})
