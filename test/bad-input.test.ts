import { spawn } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

/** The real command line, as a person mistypes it. */

const cli = resolve(import.meta.dirname, '../src/cli.ts')
let folder: string

const scenario = (change: (text: string) => string) =>
  change(`name: mine
title: Mine
topology: sentinel
workload: { kind: mutex, keys: 10 }
load: { executor: constant-vus, vus: 4, duration: 2s }
faults:
  - { fault: kill, target: primary, at: 500ms, for: 500ms }
control: naive
`)

const files: Record<string, string> = {
  'good.yaml': scenario((text) => text),
  'wrong-type.yaml': scenario((text) => text.replace('vus: 4', 'vus: four')),
  'unknown-key.yaml': scenario((text) => text.replace('title:', 'titel: x\ntitle:')),
  'no-unit.yaml': scenario((text) => text.replace('duration: 2s', 'duration: 2')),
  'no-yaml.yaml': scenario((text) => text.replace('keys: 10 }', 'keys: 10')),
  'no-such-target.yaml': scenario((text) => text.replace('target: primary', 'target: redis-7')),
  'no-minority.yaml': scenario((text) => text.replace('target: primary', 'target: minority')),
  'negative.yaml': scenario((text) => text.replace('at: 500ms', 'at: -500ms')),
  'too-long.yaml': scenario((text) => text.replace('for: 500ms', 'for: 1m')),
  'improbable.yaml': scenario((text) => text.replace('kind: mutex, keys: 10', 'kind: oversell, resubmit: 1.5')),
  'no-parameter.yaml': scenario((text) => text.replace('for: 500ms', 'keepdata: true')),
  ...Object.fromEntries(
    ['failover', 'isolate-primary', 'cut-replication'].flatMap((fault) =>
      ['single', 'redlock'].map((topology) => [
        `${fault}-on-${topology}.yaml`,
        scenario((text) =>
          text.replace('fault: kill, target: primary', `fault: ${fault}`).replace('sentinel', topology),
        ),
      ]),
    ),
  ),
  'pausing-the-dead.yaml': scenario((text) =>
    text.replace(
      'target: primary, at: 500ms, for: 500ms }',
      'target: redis-1, at: 500ms, for: 500ms }\n  - { fault: pause, target: redis-1, at: 600ms, for: 100ms }',
    ),
  ),
  'crowd.yaml': scenario((text) => text.replace('vus: 4', 'vus: 1000000')),
  'not-parsing.mjs': 'export default { name: "x", open( { }',
  'no-default.mjs': 'export const lock = {}',
  'ending.mjs': 'process.exit(0)',
  'no-open.mjs': 'export default { name: "x" }',
  'throwing.mjs': 'export default { name: "x", open() { throw new Error("the licence server is closed") } }',
  'ticking.mjs': `export default { name: 'x', open: () => ({ acquire: async () => null, release: async () => true }) }
if (!process.send) setTimeout(() => { throw new Error('nobody waits for this') }, 300)`,
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'picklock-bad-input-'))
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text)))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function picklock(args: string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [cli, ...args], { cwd: folder, env: { ...process.env, ...env } })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()))
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()))
  const exitCode = await new Promise<number | null>((done) => child.on('close', done))
  return { stdout, stderr, exitCode }
}

const run = (...args: string[]) => ['run', ...args, '--out', 'reports']

describe('one sentence and exit 2', () => {
  test.concurrent.each<[string, string[], string]>([
    ['an unknown command', ['rn'], 'there is no command rn; did you mean run?'],
    [
      'an unknown option',
      run('oversell', '--tpology', 'single'),
      "unknown option '--tpology'; did you mean --topology?",
    ],
    ['no scenario', run(), 'name a scenario'],
    ['an unknown scenario', run('oversel'), 'there is no scenario oversel; did you mean oversell?'],
    ['an unknown lock', run('oversell', '--lock', 'refrence'), 'did you mean reference?'],
    [
      'an unknown topology',
      run('oversell', '--topology', 'redlok'),
      'there is no topology redlok; did you mean redlock?',
    ],
    [
      'a topology that it is not for',
      run('primary-kill', '--topology', 'single'),
      'primary-kill is made for sentinel, not for single',
    ],
    ['an unknown runtime', run('oversell', '--runtime', 'proces'), "'proces' is invalid"],
    ['a seed that is none', run('oversell', '--seed', 'abc'), '--seed is "abc"; it must be a whole number'],
    ['an unknown list', ['list', 'lock'], 'there is no list of lock; did you mean locks?'],
    ['a wrong type', run('wrong-type.yaml'), 'wrong-type.yaml:5:38: `load.vus` is "four"; it must be a whole number'],
    ['an unknown key', run('unknown-key.yaml'), 'unknown-key.yaml:2:1: there is no `titel`; did you mean title?'],
    [
      'a duration without a unit',
      run('no-unit.yaml'),
      'no-unit.yaml:5:51: `load.duration` is 2; a duration needs a unit, for example 500ms, 12s or 1m',
    ],
    ['no YAML', run('no-yaml.yaml'), 'no-yaml.yaml:5:1: this is not YAML'],
    ['no such file', run('./nowhere.yaml'), 'cannot read the scenario nowhere.yaml: there is no such file'],
    [
      'a target that the topology does not have',
      run('no-such-target.yaml'),
      'no-such-target.yaml:7:28: the target `redis-7` is not a node of sentinel; did you mean redis-1?',
    ],
    [
      'a minority of too few',
      run('no-minority.yaml'),
      'no-minority.yaml:7:28: the target `minority` does not exist on sentinel',
    ],
    [
      'a negative time',
      run('negative.yaml'),
      'negative.yaml:7:41: `faults.0.at` is "-500ms"; a time cannot be negative',
    ],
    [
      'a fault longer than the drill',
      run('too-long.yaml'),
      'too-long.yaml:7:53: kill would end 60500 ms after the load began, but the load and its settling take 2500 ms',
    ],
    [
      'a probability outside 0 to 1',
      run('improbable.yaml'),
      'improbable.yaml:4:39: `workload.resubmit` is 1.5; it must be at most 1',
    ],
    [
      'an unknown parameter of a fault',
      run('no-parameter.yaml'),
      'no-parameter.yaml:7:48: there is no `faults.0.keepdata`; did you mean keepData?',
    ],
    ...['failover', 'isolate-primary', 'cut-replication'].flatMap((fault) =>
      ['single', 'redlock'].map((topology): [string, string[], string] => [
        `${fault} on ${topology}`,
        run(`${fault}-on-${topology}.yaml`),
        `${fault}-on-${topology}.yaml:7:5: ${fault} is done to a Sentinel group, and there is none on ${topology}`,
      ]),
    ),
    [
      'two faults that contradict each other',
      run('pausing-the-dead.yaml'),
      'pausing-the-dead.yaml:8:42: pause of redis-1 begins at 600 ms, while kill of redis-1 (`faults.0`) has it down until 1000 ms: the two contradict each other',
    ],
    ['a million users', run('crowd.yaml'), 'crowd.yaml:5:38: `load.vus` is 1000000; it must be at most 10000'],
    ['a lock file that does not exist', run('oversell', '--lock', './nowhere.mjs'), 'nowhere.mjs'],
    ['a lock file that does not parse', run('oversell', '--lock', './not-parsing.mjs'), 'not-parsing.mjs'],
    ['a lock file without a default export', run('oversell', '--lock', './no-default.mjs'), 'no-default.mjs'],
    ['a lock file that ends the process', run('oversell', '--lock', './ending.mjs'), 'ending.mjs ended the process'],
    ['a lock file without open', run('oversell', '--lock', './no-open.mjs'), 'open'],
    ['a lock whose open throws', run('oversell', '--lock', './throwing.mjs'), 'the licence server is closed'],
    ['a program that does not exist', run('oversell', '--lock', 'stdio:no-such-program-here'), 'no-such-program-here'],
    [
      '--set with a path that does not exist',
      run('oversell', '--set', 'load.durration=1s'),
      '--set load.durration=1s: there is no load.durration; did you mean load.duration?',
    ],
    [
      '--set of an entry of an empty list',
      run('oversell', '--set', 'faults.0.for=1s'),
      'there is no faults.0; faults has no entries',
    ],
    ['a topology of too few nodes', ['up', 'redlock', '--nodes', '2'], '--nodes is 2; it must be at least 3'],
    [
      '--set with a wrong value',
      run('oversell', '--set', 'load.duration=1'),
      '--set load.duration=1: `load.duration` is 1; a duration needs a unit',
    ],
    [
      'a lock that is not made for the topology',
      run('quorum-node-down', '--lock', 'local-on-error'),
      'local-on-error is made for single and sentinel, not for redlock',
    ],
  ])('%s', async (_, args, sentence) => {
    const { stdout, stderr, exitCode } = await picklock(args)
    expect(stdout).toBe('')
    expect(stderr).toContain(sentence)
    const lines = stderr.trimEnd().split('\n')
    const last = lines.at(-1)!
    expect(last).toMatch(/^picklock: /)
    // Only a lock that has to be opened to be seen failing may show progress before its sentence.
    if (sentence !== 'the licence server is closed') expect(lines).toHaveLength(1)
    expect(stderr).not.toMatch(/\n\s+at /)
    expect(exitCode).toBe(2)
  })
})

test('an error that nobody waits for is no verdict', async () => {
  const { stderr, exitCode } = await picklock(run('oversell', '--lock', './ticking.mjs', '--quiet'))
  expect(stderr).toMatch(/nobody waits for this/)
  expect(exitCode).toBe(70)
})

test('nothing that was refused leaves a report behind', async () => {
  await picklock(['run', 'oversell', '--lock', './no-default.mjs', '--out', 'refused'])
  await picklock(['run', 'oversell', '--out', 'refused'], { PICKLOCK_REDIS_SERVER: '/nonexistent/redis-server' })
  expect(await readdir(folder)).not.toContain('refused')
})

describe('a missing tool is exit 3, with what to type', () => {
  test('a redis-server that is not there', async () => {
    const { stderr, exitCode } = await picklock(run('oversell'), { PICKLOCK_REDIS_SERVER: '/nonexistent/redis-server' })
    expect(stderr).toContain('/nonexistent/redis-server')
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
    expect(exitCode).toBe(3)
  })

  test('a redis-server that is none', async () => {
    const { stderr, exitCode } = await picklock(run('oversell', '--quiet'), { PICKLOCK_REDIS_SERVER: '/bin/true' })
    expect(stderr).toMatch(/^picklock: \/bin\/true does not answer --version as a Redis server does: .*\n$/)
    expect(exitCode).toBe(3)
  })

  test('no redis-server on the PATH', async () => {
    const { stderr, exitCode } = await picklock(run('oversell'), { PATH: folder })
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
    expect(stderr).toMatch(/redis-server/)
    expect(stderr).toMatch(/install/)
    expect(exitCode).toBe(3)
  })
})
