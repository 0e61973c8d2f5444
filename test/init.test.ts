import { execFile, execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { gateDrills, loadGate } from '../src/commands/gate/config.ts'

/** `picklock init` in several little projects. */

const cli = resolve(import.meta.dirname, '../src/cli.ts')
let root: string

beforeAll(async () => void (root = await mkdtemp(join(tmpdir(), 'picklock-init-'))))
afterAll(() => rm(root, { recursive: true, force: true }))

const opened = `open: () => ({ acquire: async () => null, release: async () => true })`
const esm = (name: string, more = '') => `export default { name: '${name}', ${more} ${opened} }\n`

async function project(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(root, 'project-'))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  return folder
}

const init = (cwd: string, ...args: string[]) =>
  new Promise<{ code: number | string | null | undefined; stdout: string; stderr: string }>((done) =>
    execFile(process.execPath, [cli, 'init', ...args], { cwd }, (error, stdout, stderr) =>
      done({ code: error ? error.code : 0, stdout, stderr }),
    ),
  )

const written = (folder: string) => readFile(join(folder, 'picklock.yaml'), 'utf8')

describe('picklock init', () => {
  test('finds the lock among other modules, and what it writes is a gate', async () => {
    const folder = await project({
      'src/orders/lock.ts': esm('orders', "topologies: ['single', 'sentinel'] as const,"),
      'src/index.ts': `export { default } from './orders/lock.ts'\nexport const open = 1\n`,
      'src/door.ts': 'export default function open() {}\n',
      'node_modules/other/lock.mjs': esm('not-ours'),
      'src/orders/lock.test.ts': esm('a-test'),
    })
    const { code, stdout, stderr } = await init(folder)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toBe('Wrote picklock.yaml: orders (./src/orders/lock.ts).\nNext: picklock gate --quick\n')
    const text = await written(folder)
    expect(text).toMatch(/^# yaml-language-server: \$schema=\S+schema\/picklock\.json\n/)
    expect(text).toContain('\nlock: ./src/orders/lock.ts\n')
    expect(text).toContain('\n# baseline: { ref: main }')
    const gate = await loadGate(join(folder, 'picklock.yaml'), folder)
    const drills = await gateDrills(gate, { quick: false, seed: 1 })
    expect(drills.map(({ plan }) => `${plan.name} ${plan.topology.kind}`)).toContain('primary-kill sentinel')
    expect(drills.every(({ control }) => control !== undefined)).toBe(true)
  })

  test('of several it takes the first and names the others; CommonJS is found too', async () => {
    const folder = await project({
      'lib/a.cjs': `module.exports = { name: 'a', ${opened} }\n`,
      'lib/deep/b.mjs': esm('b'),
    })
    expect((await init(folder)).code).toBe(0)
    const text = await written(folder)
    expect(text).toContain('\nlock: ./lib/a.cjs\n# found too: ./lib/deep/b.mjs\n')
  })

  test('a module that throws, ends the process or hangs is passed over', async () => {
    const folder = await project({
      'a-throws.mjs': `${esm('a')}throw new Error('no licence')\n`,
      'b-ends.mjs': `${esm('b')}process.exit(0)\n`,
      'c-hangs.mjs': `${esm('c')}await new Promise(() => setInterval(() => {}, 1000))\n`,
      'd-good.mjs': esm('d'),
      'e-no-open.mjs': "export default { name: 'e', open: 1, acquire: 2, release: 3 }\n",
    })
    const { code, stderr } = await init(folder)
    expect(code).toBe(0)
    expect(stderr.split('\n').toSorted()).toEqual([
      '',
      'picklock: passed over: ./a-throws.mjs threw when it was loaded: no licence (./a-throws.mjs:2)',
      'picklock: passed over: ./b-ends.mjs was not loaded within 10 s, or ended the process',
      'picklock: passed over: ./c-hangs.mjs was not loaded within 10 s, or ended the process',
      'picklock: passed over: ./e-no-open.mjs: the default export needs `open`, a function of `env`, not a number',
    ])
    expect(await written(folder)).toContain('\nlock: ./d-good.mjs\n')
  })

  test('in a repository the baseline is the same file on main, once it is there', async () => {
    const folder = await project({ 'my-lock.mjs': esm('my-lock') })
    const git = (...args: string[]) =>
      execFileSync('git', ['-C', folder, '-c', 'user.email=a@b', '-c', 'user.name=a', ...args])
    git('init', '--quiet', '--initial-branch=main', '.')
    expect((await init(folder)).stdout).not.toContain('main')
    git('add', 'my-lock.mjs')
    git('commit', '--quiet', '--message=one')
    expect((await init(folder, '--force')).stdout).toContain('my-lock (./my-lock.mjs), compared with main.')
    expect(await written(folder)).toContain('\nbaseline: { ref: main } ')
  })

  test('what is there is not overwritten without --force', async () => {
    const folder = await project({ 'my-lock.mjs': esm('my-lock'), 'picklock.yaml': 'lock: naive\n' })
    const { code, stderr } = await init(folder)
    expect(code).toBe(2)
    expect(stderr).toBe(
      'picklock: picklock.yaml is there already; --force overwrites it, --config names another file\n',
    )
    expect(await written(folder)).toBe('lock: naive\n')
    expect((await init(folder, '--force')).code).toBe(0)
    expect(await written(folder)).toContain('./my-lock.mjs')
  })

  test('a lock can be named: one of Picklock, or a program', async () => {
    const folder = await project({})
    expect((await init(folder, 'set-nx')).code).toBe(0)
    expect(await written(folder)).toContain('\nlock: set-nx\n')
    expect((await init(folder, 'stdio:node lock.js', '--force')).code).toBe(0)
    expect(await written(folder)).toContain("\nlock: 'stdio:node lock.js'\n")
    const wrong = await init(folder, 'refrence', '--config', 'other.yaml')
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('did you mean reference?')])
  })

  test('where there is no lock it says what one is', async () => {
    const folder = await project({ 'src/index.ts': 'export const a = 1\n' })
    const { code, stderr } = await init(folder)
    expect(code).toBe(2)
    expect(stderr).toBe(
      'picklock: no lock was found below this folder: that is a module with `export default { name, open }`; or name one: picklock init reference\n',
    )
  })
})
