import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { incidentCommand } from '../src/commands/incident.ts'
import { UsageError } from '../src/lib/failure.ts'
import { readRecord } from '../src/incident/record.ts'
import { picklock as started } from './support/live.ts'
import { until } from './support/until.ts'

/** `picklock incident` as it is typed: questions answered through a pipe, a short drill, and the document. */

/** Several drills, on a machine that does other things as well. */
const drillsMaxMs = 180_000
const cli = resolve(import.meta.dirname, '../src/cli.ts')
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'picklock-incident-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

function picklock(args: string[], input = ''): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((done) => {
    const child = execFile(process.execPath, [cli, ...args], { cwd: folder }, (error, stdout, stderr) =>
      done({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    )
    child.stdin!.end(input)
  })
}

test(
  'what was answered is drilled, and told with its figures in both languages; the report is written again without a drill',
  async () => {
    const answers = [
      'away',
      'Redis went away',
      'single',
      '2',
      '',
      'local-lock',
      '800',
      '500',
      '',
      'oversell',
      '80',
      'kil',
      'kill',
    ]
    const args = ['incident', 'new', '--ask', '--duration', '2500', '--variants', 'fail-fast,ttl-limit', '--seed', '3']
    const { code, stdout, stderr } = await picklock(
      [...args, '--lang', 'en,ko'],
      answers.map((line) => `${line}\n`).join(''),
    )
    expect(stderr).toContain('did you mean kill?')
    expect(code).toBe(0)
    expect(stdout.trim().split('\n')).toHaveLength(4)

    const place = join(folder, 'incidents/away')
    const record = await readRecord(place)
    expect(record.facts).toMatchObject({ name: 'away', ttlMs: 800, fallback: 'local-lock', faults: ['kill'] })
    expect(record.incident.report.counts['overlaps']).toBeGreaterThan(0)
    expect(record.incident.report.faults).toMatchObject([{ fault: 'kill', landed: true }])
    expect(record.incident.evidence.moments.map(({ what }) => what)).toEqual(
      expect.arrayContaining(['load', 'down', 'landed', 'up', 'healed', 'found', 'end']),
    )
    // A kill leaves no keys, and 800 ms is within the rule: the TTL has nothing to do with it.
    expect(record.measures.map(({ name }) => name)).toEqual(['fail-fast'])
    expect(record.measures[0]!.after!.report.counts).toMatchObject({ overlaps: 0, duplicates: 0 })

    const english = await readFile(join(place, 'post-mortem.en.md'), 'utf8')
    expect(english).toContain('# Post-mortem: Redis went away')
    expect(english).toContain(`| two holders at once | not known | ${record.incident.report.counts['overlaps']} |`)
    expect(english).toContain('| Fallback policy: refuse | prevented |')
    const korean = await readFile(join(place, 'post-mortem.ko.html'), 'utf8')
    expect(korean).toContain('<h2>8. 재발 방지 대책</h2>')

    await rm(join(place, 'post-mortem.en.md'))
    const runs = await readdir(join(place, 'runs'))
    expect((await picklock(['incident', 'report', 'incidents/away'])).code).toBe(0)
    expect(await readFile(join(place, 'post-mortem.en.md'), 'utf8')).toBe(english)
    expect(await readdir(join(place, 'runs'))).toEqual(runs)

    const again = await picklock(['incident', 'new', '--name', 'away', '--no-variants'])
    expect(again).toMatchObject({ code: 2, stdout: '' })
    expect(again.stderr).toContain('--force overwrites it')
  },
  drillsMaxMs,
)

/** Two drills of two seconds and a half: the lock of that day, which lets two in some fifteen times, and one that refuses. */
const away = [
  'incident',
  'new',
  '--no-ask',
  '--fallback',
  'local-lock',
  '--ttl',
  '800',
  '--wait',
  '500',
  '--rate',
  '120',
]
const brief = [...away, '--workload', 'mutex', '--duration', '2500', '--variants', 'fail-fast', '--seed', '3']

test(
  'Ctrl-C in the middle of a counter-measure: the post-mortem has what was measured, and a part of a run is no proof',
  async () => {
    const { child, said, so } = started([...brief, '--name', 'left'], { cwd: folder })
    await until(() => so.stderr.split('landed').length === 3, drillsMaxMs)
    child.kill('SIGINT')
    const { code, stdout, stderr } = await said
    expect([code, stdout]).toEqual([130, 'incidents/left/post-mortem.en.md\nincidents/left/post-mortem.en.html\n'])
    expect(stderr).toMatch(
      /picklock: interrupted; run to the end: the incident; cut off: fail-fast; the post-mortem tells of what was measured; .*--force begins again\n$/,
    )
    const place = join(folder, 'incidents/left')
    expect((await readRecord(place)).incident.report.counts['overlaps']).toBeGreaterThan(0)
    const text = await readFile(join(place, 'post-mortem.en.md'), 'utf8')
    expect(text).toContain('| Fallback policy: refuse | proves nothing |')
    expect(text).toContain('Not run to the end: Fallback policy: refuse.')
    expect(text).not.toContain('measured: prevented')
  },
  drillsMaxMs,
)

test('Ctrl-C before anything was measured: the scenario stays, there is no document', async () => {
  const { child, said, so } = started([...brief, '--name', 'early'], { cwd: folder })
  await until(() => so.stderr.includes('starting'))
  child.kill('SIGINT')
  const { code, stdout, stderr } = await said
  expect([code, stdout]).toEqual([130, ''])
  expect(stderr).toMatch(
    /interrupted; not run: the incident, fail-fast; nothing could be measured, and there is no post-mortem; the scenario is incidents\/early\/scenario\.yaml\n$/,
  )
  expect((await readdir(join(folder, 'incidents/early'))).toSorted()).toEqual([
    'facts.yaml',
    'runs',
    'scenario.yaml',
    'variants',
  ])
})

test(
  'a drill that can tell nothing is exit code 4, with its reasons on the terminal and in the document',
  async () => {
    const quiet = ['incident', 'new', '--no-ask', '--name', 'quiet', '--rate', '1', '--workload', 'mutex']
    const { code, stdout, stderr } = await picklock([...quiet, '--duration', '1500', '--no-variants', '--seed', '3'])
    expect([code, stdout.split('\n').length]).toEqual([4, 3])
    expect(stderr).toMatch(/picklock: the incident’s drill could tell nothing: .*needs 20 to tell anything/)
    const text = await readFile(join(folder, 'incidents/quiet/post-mortem.en.md'), 'utf8')
    expect(text).toMatch(/Effect \(Measured\): the drill is no proof: .*needs 20/)
  },
  drillsMaxMs,
)

test('a mistake is one sentence with its place, and nothing is started', async () => {
  await writeFile(join(folder, 'facts.yaml'), 'name: a\nttlms: 3\nservers: 0\n')
  await writeFile(join(folder, 'list.yaml'), '- a\n')
  const wrong: [string[], string][] = [
    [['new', '--facts', join(folder, 'list.yaml')], 'list.yaml:1:1: it must be a block of keys'],
    [['new', '--facts', 'nope.yaml'], 'cannot read the facts nope.yaml: there is no such file'],
    [['new'], 'an incident needs a name'],
    [['new', '--from', 'oomm'], 'there is no scenario oomm; did you mean oom?'],
    [['new', '--name', 'a', '--ttl', 'x'], '--ttl x: `ttlMs` is "x"'],
    [['new', '--name', 'a', '--fault', 'failover'], '--fault failover: failover is done to a Sentinel group'],
    [['new', '--name', 'a', '--variants', 'redlok'], 'there is no counter-measure redlok; did you mean redlock?'],
    [['new', '--name', 'a', '--lang', 'fr'], 'there is no language fr'],
    [['new', '--name', 'a', '--recorded', 'duplicates'], '--recorded duplicates: it needs a metric and a count'],
    [['new', '--name', 'a', '--lock', 'nix'], 'there is no lock "nix"'],
    [['report', 'nowhere'], 'cannot read nowhere/incident.json: there is no such file'],
  ]
  for (const [args, sentence] of wrong) {
    const asked = incidentCommand().parseAsync(args, { from: 'user' })
    const error: unknown = await asked.then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(error, args.join(' ')).toBeInstanceOf(UsageError)
    expect((error as UsageError).message).toContain(sentence)
  }
  const { code, stdout, stderr } = await picklock(['incident', 'new', '--facts', 'facts.yaml'])
  expect(stderr).toBe(
    'picklock: facts.yaml:3:10: `servers` is 0; it must be at least 1\nfacts.yaml:2:1: there is no `ttlms`; did you mean ttlMs?\n',
  )
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(existsSync(join(folder, 'incidents/a'))).toBe(false)
})
