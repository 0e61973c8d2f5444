import { execFile, execFileSync, spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { claimFolder } from '../src/commands/gate/claim.ts'
import { gateDrills, loadGate } from '../src/commands/gate/config.ts'
import { openQuestion } from '../src/commands/gate/question.ts'
import { UsageError } from '../src/lib/failure.ts'

/** picklock.yaml as a person gets it wrong: where, what is wrong, what would be right. Nothing is started. */

const cli = resolve(import.meta.dirname, '../src/cli.ts')
let folder: string

const lock = (rest = '') =>
  `export default { name: 'mine', ${rest} open: () => ({ acquire: async () => null, release: async () => true }) }\n`

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'picklock-gate-input-'))
  await mkdir(join(folder, 'new'))
  const files = {
    'mine.mjs': lock(),
    'lonely.mjs': lock("topologies: ['single'],"),
    'quorum.mjs': lock("topologies: ['redlock'],"),
    'no-open.mjs': 'export default { name: "x" }',
    'mine.yaml':
      'name: mine\ntitle: Mine\ntopology: single\nworkload: { kind: mutex, kyes: 10 }\nload: { executor: constant-vus, vus: 4, duration: 2s }\ncontrol: naive\n',
  }
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text)))
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', folder, '-c', 'user.email=a@b', '-c', 'user.name=a', ...args])
  git('init', '--quiet', '--initial-branch=main', '.')
  git('add', '.')
  git('commit', '--quiet', '--message=one')
  await writeFile(join(folder, 'new', 'fresh.mjs'), lock())
})
afterAll(() => rm(folder, { recursive: true, force: true }))

let files = 0

/** All that is said of a file, which has a name of its own. */
async function refusal(
  text: string,
  { base, quick = false }: { base?: string; quick?: boolean } = {},
): Promise<string> {
  const name = `gate-${++files}.yaml`
  await writeFile(join(folder, name), text)
  try {
    const gate = await loadGate(join(folder, name), folder)
    await gateDrills(gate, { quick, seed: 1 })
    await using _question = await openQuestion(gate, { base, seed: 1, command: '' })
  } catch (error) {
    if (error instanceof UsageError) return error.message.replaceAll(`${folder}/`, '').replaceAll(name, 'picklock.yaml')
    throw error
  }
  return 'nothing was refused'
}

const mine = 'lock: ./mine.mjs\n'

test('the file that the mistakes are made in is right', async () => {
  const right = `${mine}scenarios: [oversell, { scenario: slow-network, set: { load.duration: 6s } }]
topologies: [single]
budgets: { acquire_wait: ['p(99)<250'] }
baseline: { ref: main }
compare: { metrics: [acquire_wait], slowerByPercent: 5 }
quick: [oversell]
`
  expect(await refusal(right)).toBe('nothing was refused')
  expect(await refusal(right, { quick: true, base: 'HEAD' })).toBe('nothing was refused')
})

describe('what is wrong, where, and what would be right', () => {
  test.each<[string, string, string]>([
    ['empty', '', 'picklock.yaml:1:1: the file is empty; a gate starts with lock'],
    [
      'no YAML',
      'lock: [a',
      'picklock.yaml:1:9: this is not YAML: flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
    ['a list', '- lock', 'picklock.yaml:1:1: the gate is a list; it must be a block of keys'],
    [
      'no lock',
      'scenarios: [oversell]',
      'picklock.yaml:1:1: `lock` is missing; it must be a lock, or a block with `use`',
    ],
    [
      'an unknown key',
      `${mine}scenario: [oversell]`,
      'picklock.yaml:2:1: there is no `scenario`; did you mean scenarios?',
    ],
    [
      'a key far from any',
      `${mine}xyzzy: 1`,
      'picklock.yaml:2:1: there is no `xyzzy`; the keys here are lock, scenarios, topologies, budgets, baseline, compare and quick',
    ],
    ['a lock that is a number', 'lock: 3', 'picklock.yaml:1:7: `lock` is 3; it must be a lock, or a block with `use`'],
    ['a lock without `use`', 'lock: { options: {} }', 'picklock.yaml:1:1: `lock.use` is missing; it must be a text'],
    [
      'options misspelt',
      'lock: { use: ./mine.mjs, option: {} }',
      'picklock.yaml:1:26: there is no `lock.option`; did you mean options?',
    ],
    [
      'options that are a list',
      'lock: { use: ./mine.mjs, options: [1] }',
      'picklock.yaml:1:35: `lock.options` is a list; it must be a block of keys',
    ],
    [
      'an unknown lock',
      'lock: refrence',
      'picklock.yaml:1:7: there is no lock "refrence": did you mean reference? (a file of yours is given as a path: ./refrence.mjs)',
    ],
    ['a lock file that is not there', 'lock: ./nowhere.mjs', 'picklock.yaml:1:7: there is no lock file ./nowhere.mjs'],
    [
      'a module that is no lock',
      'lock: ./no-open.mjs',
      'picklock.yaml:1:7: ./no-open.mjs: the default export needs `open`, a function of `env`, not nothing',
    ],
    [
      'a program that is not there',
      "lock: 'stdio:no-such-program x'",
      'picklock.yaml:1:7: there is no program "no-such-program" on the PATH',
    ],
    [
      'a scenario misspelt',
      `${mine}scenarios: [oversell, oversel]`,
      'picklock.yaml:2:23: there is no scenario oversel; did you mean oversell?',
    ],
    [
      'a scenario that is a number',
      `${mine}scenarios: [7]`,
      'picklock.yaml:2:13: `scenarios.0` is 7; it must be a scenario (a name or a file), or a block with `scenario`',
    ],
    [
      'scenarios that are a text',
      `${mine}scenarios: oversell`,
      'picklock.yaml:2:12: `scenarios` is "oversell"; it must be a list',
    ],
    [
      'no scenario at all',
      `${mine}scenarios: []`,
      'picklock.yaml:2:12: `scenarios` is a list; it must have at least 1 entry',
    ],
    [
      'a key of a drill misspelt',
      `${mine}scenarios:\n  - { scenario: oversell, topology: [single] }`,
      'picklock.yaml:3:27: there is no `scenarios.0.topology`; did you mean topologies?',
    ],
    [
      'a path of set that is not there',
      `${mine}scenarios:\n  - { scenario: oversell, set: { load.durtion: 1s } }`,
      'picklock.yaml:3:48: there is no load.durtion; did you mean load.duration?',
    ],
    [
      'a value of set that does not go',
      `${mine}scenarios:\n  - { scenario: oversell, set: { load.vus: four } }`,
      'picklock.yaml:3:44: `load.vus` is "four"; it must be a whole number',
    ],
    [
      'a time without a unit',
      `${mine}scenarios:\n  - { scenario: oversell, set: { load.duration: 3 } }`,
      'picklock.yaml:3:49: `load.duration` is 3; a duration needs a unit, for example 500ms, 12s or 1m',
    ],
    [
      'a mistake in a scenario of its own',
      `${mine}scenarios: [./mine.yaml]`,
      'mine.yaml:4:26: there is no `workload.kyes`; did you mean keys?',
    ],
    [
      'a scenario file that is not there',
      `${mine}scenarios: [./nowhere.yaml]`,
      'picklock.yaml:2:13: cannot read the scenario nowhere.yaml: there is no such file',
    ],
    [
      'an unknown topology',
      `${mine}topologies: [redlok]`,
      'picklock.yaml:2:14: `topologies.0` is "redlok"; did you mean redlock?',
    ],
    [
      'a topology that a scenario is not made for',
      `${mine}scenarios: [{ scenario: primary-kill, topologies: [single] }]`,
      'picklock.yaml:2:13: the scenario primary-kill is made for sentinel, not for single (its `topologies` says so)',
    ],
    [
      'topologies that leave nothing of a scenario',
      `${mine}scenarios: [primary-kill]\ntopologies: [single]`,
      'picklock.yaml:2:13: primary-kill is made for sentinel, and that is not among `topologies`',
    ],
    [
      'a lock that is not made for it',
      'lock: ./lonely.mjs\nscenarios: [primary-kill]',
      'picklock.yaml:2:13: the lock mine is made for single, not for sentinel',
    ],
    [
      'a budget on no metric',
      `${mine}budgets: { acquire_wiat: ['p(99)<250'] }`,
      'picklock.yaml:2:12: there is no metric acquire_wiat; did you mean acquire_wait?',
    ],
    [
      'a budget that is no threshold',
      `${mine}budgets: { acquire_wait: ['p99<250'] }`,
      'picklock.yaml:2:27: "p99<250" is no threshold; write for example p(99)<250 (avg, min, med, max, p(N) or count, then <, <=, >, >=, == or !=, then a number)',
    ],
    [
      'a budget that is no list',
      `${mine}budgets: { acquire_wait: 'p(99)<250' }`,
      'picklock.yaml:2:26: `budgets.acquire_wait` is "p(99)<250"; it must be a list',
    ],
    [
      'a budget for harm',
      `${mine}budgets: { overlaps: ['count<=3'] }`,
      'picklock.yaml:2:12: overlaps is about safety, where one violation is a violation; budgets are for latency and service (a scenario of your own may allow some, in the open)',
    ],
    [
      'a baseline that names nothing',
      `${mine}baseline: {}`,
      'picklock.yaml:2:11: `baseline` names nothing; it needs `ref` (a branch) or `use` (a lock)',
    ],
    [
      'a baseline that names two',
      `${mine}baseline: { use: reference, ref: main }`,
      'picklock.yaml:2:29: `baseline` has `ref` and `use`; it is one or the other',
    ],
    [
      'a baseline that is not there',
      `${mine}baseline: refrence`,
      'picklock.yaml:2:11: there is no lock "refrence": did you mean reference? (a file of yours is given as a path: ./refrence.mjs)',
    ],
    [
      'an unknown ref',
      `${mine}baseline: { ref: mian }`,
      'picklock.yaml:2:18: there is no mian in this repository; did you mean main?',
    ],
    [
      'a ref of a lock that is no file',
      'lock: reference\nbaseline: { ref: main }',
      'picklock.yaml:2:18: reference is no file, so that there is no earlier version of it; name another lock as `baseline`',
    ],
    [
      'a ref from before the file',
      'lock: ./new/fresh.mjs\nbaseline: { ref: main }',
      'picklock.yaml:2:18: ./new/fresh.mjs is not there at main (…): there is no earlier version of it',
    ],
    [
      'a metric that is not compared',
      `${mine}compare: { metrics: [acquire] }`,
      'picklock.yaml:2:22: `compare.metrics.0` is "acquire"; did you mean acquire_wait?',
    ],
    [
      'an effect of nothing',
      `${mine}compare: { slowerByPercent: 0 }`,
      'picklock.yaml:2:29: `compare.slowerByPercent` is 0; it must be more than 0',
    ],
    [
      'a time below nothing',
      `${mine}compare: { slowerByMs: -1 }`,
      'picklock.yaml:2:24: `compare.slowerByMs` is -1; it must be at least 0',
    ],
    [
      'too few slices',
      `${mine}compare: { slices: 3 }`,
      'picklock.yaml:2:20: `compare.slices` is 3; it must be at least 12',
    ],
    [
      'part of a slice',
      `${mine}compare: { slices: 20.5 }`,
      'picklock.yaml:2:20: `compare.slices` is 20.5; it must be a whole number',
    ],
    [
      'two locks that meet nowhere',
      'lock: ./lonely.mjs\nbaseline: ./quorum.mjs',
      'picklock.yaml:2:11: quorum is made for other topologies than lonely',
    ],
    [
      'a topology that the lock is not for',
      'lock: ./lonely.mjs\nbaseline: reference\ncompare: { topology: redlock }',
      'picklock.yaml:3:22: the lock lonely is made for single, not for redlock',
    ],
  ])('%s', async (_, text, told) => {
    expect((await refusal(text)).replace(/\([0-9a-f]{9}\)/, '(…)')).toBe(told)
  })

  test('of quick, where that is asked for', async () => {
    const text = `${mine}quick: [oversel]`
    expect(await refusal(text, { quick: true })).toBe(
      'picklock.yaml:2:9: there is no scenario oversel; did you mean oversell?',
    )
  })

  test('several mistakes, a line each', async () => {
    expect((await refusal(`lok: x\nbudgets: []\n`)).split('\n')).toHaveLength(3)
  })

  test('of --base, the flag is named', async () => {
    expect(await refusal(mine, { base: 'nowhere' })).toBe(
      '--base nowhere: there is no nowhere in this repository; it takes a branch, a tag or a commit',
    )
  })
})

describe('the command', () => {
  const picklock = (cwd: string, ...args: string[]) =>
    new Promise<{ code: number | string | null | undefined; stdout: string; stderr: string }>((done) =>
      execFile(process.execPath, [cli, ...args], { cwd }, (error, stdout, stderr) =>
        done({ code: error ? error.code : 0, stdout, stderr }),
      ),
    )

  test('one sentence, exit 2, nothing written', async () => {
    const place = await mkdtemp(join(folder, 'place-'))
    await writeFile(join(place, 'picklock.yaml'), 'lock: refrence\n')
    const { code, stdout, stderr } = await picklock(place, 'gate')
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toBe(
      'picklock: picklock.yaml:1:7: there is no lock "refrence": did you mean reference? (a file of yours is given as a path: ./refrence.mjs)\n',
    )
    expect(await readdir(place)).toEqual(['picklock.yaml'])
  })

  test('a lock that does not parse tells its own place', async () => {
    const place = await mkdtemp(join(folder, 'place-'))
    await writeFile(join(place, 'broken.mjs'), "export default { name: 'x', open() { return const } }")
    await writeFile(join(place, 'picklock.yaml'), 'lock: ./broken.mjs\n')
    const { code, stderr } = await picklock(place, 'gate')
    expect(code).toBe(2)
    expect(stderr).toMatch(/^picklock: \.\/broken\.mjs:1:\d+: [^\n]+\n$/)
  })

  test('without a file it says what writes one', async () => {
    const place = await mkdtemp(join(folder, 'place-'))
    const { code, stderr } = await picklock(place, 'gate')
    expect(code).toBe(2)
    expect(stderr).toBe(
      'picklock: cannot read the gate picklock.yaml: there is no such file; picklock init writes one\n',
    )
  })

  test('a folder that is in no repository has no --base', async () => {
    const place = await mkdtemp(join(tmpdir(), 'picklock-no-git-'))
    await writeFile(join(place, 'mine.mjs'), lock())
    await writeFile(join(place, 'picklock.yaml'), mine)
    const { code, stderr } = await picklock(place, 'gate', '--base', 'main')
    expect(code).toBe(2)
    expect(stderr).toBe(
      'picklock: --base main: ./mine.mjs is in no git repository, so that there is no earlier version of it\n',
    )
    await rm(place, { recursive: true })
  })

  test('another gate at the same place: the second one says so, and leaves the first one its claim', async () => {
    const place = await mkdtemp(join(folder, 'place-'))
    await mkdir(join(place, 'reports'))
    await writeFile(join(place, 'picklock.yaml'), 'lock: naive\nscenarios: [oversell]\n')
    const other = spawn('sleep', ['60'])
    const claim = join(place, 'reports', '.gate.pid')
    await writeFile(claim, `${other.pid}\n`)
    const { code, stderr } = await picklock(place, 'gate')
    expect(code).toBe(3)
    expect(stderr).toBe(
      `picklock: another gate (process ${other.pid}) is writing to reports; wait for it, or choose another place with --out\n`,
    )
    expect(await readFile(claim, 'utf8')).toBe(`${other.pid}\n`)
    other.kill('SIGKILL')
    await new Promise((done) => other.once('exit', done))
    // One that was killed is at it no more.
    await using _claimed = await claimFolder(join(place, 'reports'))
    expect(await readFile(claim, 'utf8')).toBe(`${process.pid}\n`)
  })
})
