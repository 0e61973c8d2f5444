import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { commands } from '../src/commands/index.ts'
import { scenarioNames } from '../src/plan/index.ts'

/** What the README shows is what one gets. */

const root = resolve(import.meta.dirname, '..')
let readme: string
let folder: string

beforeAll(async () => {
  readme = await readFile(join(root, 'README.md'), 'utf8')
  folder = await mkdtemp(join(tmpdir(), 'picklock-readme-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test('the lock of ten lines passes the drill that is shown with it', async () => {
  const [, snippet] = /```js\n(\/\/ my-lock\.mjs\n.*?)```/s.exec(readme)!
  await writeFile(join(folder, 'my-lock.mjs'), snippet!)
  const [line] = readme.split('\n').filter((text) => text.includes('run oversell --lock ./my-lock.mjs'))
  const { exitCode, output } = await run(line!)
  expect(output).toContain('✓ VALID')
  expect(output).toContain('✓ caught')
  expect(exitCode).toBe(0)
})

test('every command and scenario that is named exists', () => {
  const lines = readme.match(/^\.\/bin\/picklock .*$|`(?:\.\/bin\/)?picklock [^`]*`/gm)!
  expect(lines.length).toBeGreaterThan(5)
  for (const line of lines) {
    const [, command, scenario] = line.replaceAll('`', '').split(' ')
    expect(Object.keys(commands), line).toContain(command)
    if (command !== 'run' || scenario?.startsWith('--')) continue
    // A file of one's own is one that a line before has written.
    if (scenario?.startsWith('./')) expect(readme, line).toContain(`--to-scenario ${scenario.slice(2)}`)
    else expect(scenarioNames(), line).toContain(scenario)
  }
})

/** A line of the README, typed in another folder. */
async function run(line: string) {
  const [, ...args] = line.split(' ')
  const child = spawn(process.execPath, [join(root, 'bin/picklock'), ...args], { cwd: folder })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()))
  const exitCode = await new Promise((done) => child.on('close', done))
  return { exitCode, output }
}
