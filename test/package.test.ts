import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { thisMachine } from '../scripts/machine.mjs'
import { report } from '../src/reporters/report.ts'
import { gitlabJob, runAction, runJob } from './support/ci.ts'
import { installedProject, type Project } from './support/installed.ts'
import { junitProblems, parseXml } from './support/junit-schema.ts'

/** The npm package, as somebody has it who installed it into an empty project: what is in it, its types, its commands. */

const { folder: clone } = thisMachine()
const manyMs = 300_000
let project: Project

beforeAll(async () => {
  project = await installedProject()
}, manyMs)
afterAll(() => project[Symbol.dispose]())

const paths = () => project.packed.files.map(({ path }) => path)
const write = (name: string, text: string) => writeFileSync(join(project.folder, name), text)
const snippet = (about: RegExp) => about.exec(readFileSync(join(clone, 'README.md'), 'utf8'))![1]!
const myLock = () => snippet(/```js\n(\/\/ my-lock\.mjs\n.*?)```/s)

describe('what is in it', () => {
  test('the folders that a user needs, without tests and sources', () => {
    const tops = new Set(paths().map((path) => path.split('/')[0]!))
    const needed =
      'LICENSE README.md action.yml adapters bin ci dist docker-compose.yml docs k6 package.json scenarios schema scripts src tools'
    expect([...tops].sort()).toEqual(needed.split(' ').sort())
    // k6 reads TypeScript, wherever it is; its script takes its random numbers from there.
    expect(paths().filter((path) => /\.test\.|(?<!\.d)\.ts$/.test(path))).toEqual(['src/lib/random.ts'])
    expect(project.packed.size).toBeLessThan(1_000_000)
  })

  test('of the scripts those that bin/picklock and dist/ lead to', () => {
    const reached = new Set<string>()
    const visit = (path: string) => {
      if (reached.has(path)) return
      reached.add(path)
      const source = readFileSync(join(project.installed, 'scripts', path), 'utf8')
      for (const [, name] of source.matchAll(/'(?:\.\/|scripts', ')([\w-]+\.mjs)'/g)) visit(name!)
    }
    for (const path of ['bin/picklock', ...paths().filter((path) => /^dist\/.*\.js$/.test(path))])
      for (const [, name] of readFileSync(join(project.installed, path), 'utf8').matchAll(/\/scripts\/([\w-]+\.mjs)'/g))
        visit(name!)
    const there = paths().flatMap((path) => /^scripts\/(.*)$/.exec(path)?.[1] ?? [])
    expect(there.sort()).toEqual([...reached].sort())
  })

  test('publint has nothing to say', async () => {
    const tarball = readFileSync(project.tarball)
    const { messages, pkg } = await publint({ pack: { tarball: new Uint8Array(tarball).buffer }, strict: true })
    expect(messages.map((message) => formatMessage(message, pkg!))).toEqual([])
  })
})

describe('its types and its library', () => {
  const tsconfig = {
    compilerOptions: {
      module: 'nodenext',
      target: 'esnext',
      lib: ['esnext'],
      strict: true,
      noEmit: true,
      types: ['node'],
      typeRoots: [join(clone, 'node_modules', '@types')],
    },
    include: ['*.ts'],
  }

  test('a consumer type-checks, and a lock that breaks the contract does not', { timeout: manyMs }, async () => {
    write('tsconfig.json', JSON.stringify(tsconfig))
    write('lock.ts', typedLock())
    write(
      'consumer.ts',
      `import type { Grant, Lock, LockEnv, OpenLock, Plan, Report, Scenario } from 'picklock'
import { checkers, holdsOf, judgeHistory, type Checker, type Event } from 'picklock/checkers'
import { createLocks, type Locks } from 'picklock/reference'
import lock from './lock.ts'

export const mine: Lock = lock
// @ts-expect-error a lock has to open
export const none: Lock = { name: 'none' }
export const names: string[] = Object.values<Checker>(checkers).map(({ name }) => name)
export const scenario: Scenario = {
  name: 'own',
  title: 'A drill of our own',
  topology: 'single',
  workload: { kind: 'mutex', keys: 2, workMs: { min: 1, max: 2 } },
  load: { executor: 'constant-vus', vus: 2, duration: '1s' },
  control: 'naive',
}
// @ts-expect-error a duration has a unit
export const wrong: Scenario = { ...scenario, settle: 3 }
export const size = (events: Event[]): number => holdsOf(events).size
export const verdict = async (file: string): Promise<Report['verdict']> => (await judgeHistory(file)).verdict
export const locks = (redis: string): Locks => createLocks({ redis })
export type All = Grant | LockEnv | OpenLock | Plan
`.replace("'./lock.ts'", "'./lock.js'"),
    )
    const { output, exitCode } = await project.type(`node ${clone}/node_modules/typescript/bin/tsc -p .`)
    expect(output).toBe('')
    expect(exitCode).toBe(0)
  })

  test("the README's history of one's own is judged as it says", async () => {
    write('judge.mjs', snippet(/```js\n(\/\/ judge\.mjs\n.*?)```/s))
    const { stdout, output } = await project.type('node judge.mjs')
    expect(stdout, output).toContain('invalid')
    expect(stdout).toMatch(/two servers held k at once, once \(blame: \w+\)/)
  })

  test('the schemas can be imported', async () => {
    const names = readdirSync(join(project.installed, 'schema'))
    expect(names).toContain('scenario.json')
    const imports = names.map((name) => `await import('picklock/schema/${name}', { with: { type: 'json' } })`)
    const { stdout } = await project.type(
      `node --input-type=module -e "for (const { default: schema } of [${imports.join()}]) console.log(schema.\\$schema)"`,
    )
    expect(stdout.trim().split('\n')).toEqual(names.map(() => 'https://json-schema.org/draft/2020-12/schema'))
  })
})

describe('its commands', () => {
  test('doctor: all is there, without an install script having run', async () => {
    const { stdout, exitCode } = await project.type('npx picklock doctor')
    expect(stdout).toMatch(/✓ postgres +18/)
    expect(stdout).toMatch(/runtime process +complete/)
    expect(exitCode).toBe(0)
  })

  test(
    'locks in .ts, .mjs and .cjs are drilled; nothing is written into node_modules',
    { timeout: manyMs },
    async () => {
      write('lock.ts', typedLock())
      write('lock.mjs', myLock())
      write('lock.cjs', myLock().replace('export default', 'module.exports ='))
      const before = filesOf(project.installed)
      const { stdout, exitCode, output } = await project.type(
        'npx picklock run oversell --lock ./lock.ts,./lock.mjs,./lock.cjs --set load.duration=1500ms --format json',
      )
      const reports = z.array(report).parse(JSON.parse(stdout || '[]'))
      expect(
        reports.map(({ verdict }) => verdict),
        output,
      ).toEqual(['valid', 'valid', 'valid'])
      expect(exitCode).toBe(0)
      expect(filesOf(project.installed)).toEqual(before)
      expect(readdirSync(join(project.env['XDG_CACHE_HOME']!, 'picklock'))).toContain('compiled')
    },
  )

  test.each([
    ['npx picklock run oversell --lock ./nowhere.mjs', 2, 'picklock: there is no lock file ./nowhere.mjs\n'],
    ['npx picklock run oversel', 2, 'picklock: there is no scenario oversel; did you mean oversell?\n'],
    ['PICKLOCK_REDIS_SERVER=/no/server npx picklock run oversell', 3, 'PICKLOCK_REDIS_SERVER names /no/server'],
    ['PICKLOCK_CACHE=lock.mjs/x npx picklock run oversell', 3, 'name another in PICKLOCK_CACHE'],
  ])('%s → %i', async (line, code, sentence) => {
    const { exitCode, output } = await project.type(line)
    expect(output).toContain(sentence)
    expect(output).not.toContain('at file:')
    expect(exitCode).toBe(code)
  })
})

describe('the first minutes of somebody new', () => {
  test('init and gate --quick, and nothing else', { timeout: manyMs }, async () => {
    write('lock.mjs', myLock())
    for (const other of ['lock.ts', 'lock.cjs', 'consumer.ts', 'judge.mjs', 'tsconfig.json'])
      rmSync(join(project.folder, other), { force: true })
    const { exitCode, output } = await project.type('npx picklock init && npx picklock gate --quick --out gated')
    expect(exitCode, output).toBe(0)
    const config = readFileSync(join(project.folder, 'picklock.yaml'), 'utf8')
    expect(config).toContain('\nlock: ./lock.mjs\n')
    const [, schema] = /^# yaml-language-server: \$schema=(.*)\n/.exec(config)!
    expect(join(project.folder, schema!)).toBe(join(project.installed, 'schema', 'picklock.json'))
    expect(existsSync(join(project.folder, schema!))).toBe(true)
  })
})

describe('in CI', () => {
  const quick = 'quick: [{ scenario: oversell, set: { load.duration: 1s } }]'
  const reports = () => join(project.folder, 'picklock-reports')

  beforeAll(() => {
    write('lock.mjs', myLock())
    write('picklock.yaml', `lock: ./lock.mjs\n${quick}\n`)
    write('bad.yaml', `lock: naive\n${quick}\n`)
    write('wrong.yaml', 'lok: naive\n')
  })
  afterEach(() => rmSync(reports(), { recursive: true, force: true }))

  const github = (inputs: Record<string, string>) =>
    runAction(project.installed, { inputs, workspace: project.folder, env: project.env })

  test('GitHub: a lock that is not safe fails the job, and the summary says why', { timeout: manyMs }, async () => {
    const { exitCode, output, summary, outputs } = await github({ args: '--quick', config: 'bad.yaml' })
    expect(exitCode, output).toBe(1)
    expect(outputs).toEqual({ 'exit-code': '1' })
    expect(summary).toMatch(/held (one key|\S+) at once/)
    expect(summary).toBe(readFileSync(join(reports(), 'summary.md'), 'utf8'))
    expect(readdirSync(reports())).not.toContain('latest')
  })

  test('GitHub: a mistake in the configuration is told where people look', { timeout: manyMs }, async () => {
    const { exitCode, summary } = await github({ config: 'wrong.yaml' })
    expect(exitCode).toBe(2)
    expect(summary).toMatch(/^Picklock's gate ended with exit code 2 /)
  })

  test('GitLab: what the job keeps and caches is where it says', { timeout: manyMs }, async () => {
    const job = gitlabJob(join(project.installed, 'ci', 'gitlab.yml'))
    const { exitCode, output } = await runJob(job, 'script', project.folder, {
      ...project.env,
      PICKLOCK_ARGS: '--quick',
    })
    expect(exitCode, output).toBe(0)
    const { paths, reports: kept } = job.artifacts
    for (const path of [...paths, kept.junit, ...job.cache.paths])
      expect(existsSync(join(project.folder, path)), path).toBe(true)
    expect(junitProblems(parseXml(readFileSync(join(project.folder, kept.junit), 'utf8')))).toEqual([])
  })
})

/** The README's lock, as somebody writes it who wants to be told what is wrong with it. */
function typedLock(): string {
  return `import type { Grant, Lock } from 'picklock'\ninterface Mine extends Grant { key: string; token: string }\n${myLock()
    .trimEnd()
    .replace(/\}$/, '} satisfies Lock<Mine>')}\n`
}

/** Each with its time of change. */
function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => `${name} ${statSync(join(folder, name)).mtimeMs}`)
    .sort()
}
