import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { thisMachine } from '../scripts/machine.mjs'

/** bin/picklock on a Node that is too old: the fetched one in its place, or under it. Node 20 is played by this one under another name. */

const cli = `
const [what] = process.argv.slice(2)
if (what === 'stay') {
  setInterval(() => {}, 1000)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => { console.log(signal); process.exit(9) })
} else process.exitCode = Number(what)
console.log(process.pid, process.versions.node, process.env.PICKLOCK_WRAPPER_FD)
`
const old = (more: string) =>
  `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })\n${more}`

interface Clone extends Disposable {
  start(options: { execve: boolean }, ...args: string[]): ChildProcess
}

function aClone(): Clone {
  const folder = mkdtempSync(join(tmpdir(), 'picklock-enter-'))
  const { folder: here, platform, arch } = thisMachine()
  for (const name of ['bin', 'scripts']) cpSync(join(here, name), join(folder, name), { recursive: true })
  mkdirSync(join(folder, 'src'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(folder, 'src', 'cli.ts'), cli)
  writeFileSync(join(folder, 'with.mjs'), old(''))
  writeFileSync(join(folder, 'without.mjs'), old('process.execve = undefined'))
  // The cached Node is this one; npm is asked for it in the same way as for a real one.
  const npm = join(folder, 'path', 'npm')
  mkdirSync(join(folder, 'path'))
  symlinkSync(process.execPath, join(folder, 'path', 'node'))
  writeFileSync(
    npm,
    `#!${process.execPath}
import fs from 'node:fs'
import path from 'node:path'
const args = process.argv.slice(2)
const bin = path.join(args[args.indexOf('--prefix') + 1], 'node_modules', args.at(-1).split('@')[0], 'bin')
fs.mkdirSync(bin, { recursive: true })
fs.symlinkSync(process.execPath, path.join(bin, 'node'))
`,
    { mode: 0o755 },
  )
  expect(`${platform}-${arch}`).toMatch(/^(linux|darwin)-(x64|arm64)$/)
  return {
    start({ execve }, ...args) {
      const preload = join(folder, execve ? 'with.mjs' : 'without.mjs')
      return spawn(process.execPath, ['--import', preload, join(folder, 'bin', 'picklock'), ...args], {
        env: { ...process.env, PATH: join(folder, 'path') },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** What it prints next; a child that ends instead fails the test at once. */
async function nextText(child: ChildProcess): Promise<string> {
  const ended = once(child, 'close').then(() => undefined)
  const chunk = await Promise.race([once(child.stdout!, 'data').then(([data]) => String(data)), ended])
  if (chunk === undefined) throw new Error('it ended without another word')
  return chunk.trim()
}

/** The first line that the command line prints: its process, its Node, and what it sees of the pipe to its wrapper (nothing). */
async function firstLine(child: ChildProcess): Promise<{ pid: number; node: string; fd: string }> {
  const [pid, node, fd] = (await nextText(child)).split(' ')
  return { pid: Number(pid), node: node!, fd: fd! }
}

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test.each([0, 1, 99])('exit code %i gets through both ways', async (code) => {
  using clone = aClone()
  for (const execve of [true, false]) {
    const child = clone.start({ execve }, String(code))
    const closed = once(child, 'close')
    const { pid, node, fd } = await firstLine(child)
    expect(node).toBe(process.versions.node)
    expect(fd).toBe('undefined')
    expect(pid === child.pid).toBe(execve)
    expect((await closed)[0]).toBe(code)
  }
})

test('it fetches the Node with progress on stderr and leaves stdout alone', async () => {
  using clone = aClone()
  const child = clone.start({ execve: true }, '0')
  let stderr = ''
  child.stderr!.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const closed = once(child, 'close')
  await firstLine(child)
  await closed
  expect(stderr).toMatch(/^picklock: fetching Node .* …\npicklock: fetching Node .*: done in .* s\n$/)
})

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  '%s reaches the child, and its exit code comes back',
  async (signal) => {
    using clone = aClone()
    const child = clone.start({ execve: false }, 'stay')
    const closed = once(child, 'close')
    await firstLine(child)
    child.kill(signal)
    const [chunk] = (await once(child.stdout!, 'data')) as [Buffer]
    expect(chunk.toString().trim()).toBe(signal)
    expect((await closed)[0]).toBe(9)
  },
)

test('a child that dies of a signal: the wrapper dies of the same one', async () => {
  using clone = aClone()
  const child = clone.start({ execve: false }, 'stay')
  const closed = once(child, 'close')
  process.kill((await firstLine(child)).pid, 'SIGKILL')
  expect((await closed)[1]).toBe('SIGKILL')
})

test('a wrapper killed with SIGKILL: the child ends as if its terminal had been closed', async () => {
  using clone = aClone()
  const child = clone.start({ execve: false }, 'stay')
  const { pid } = await firstLine(child)
  child.kill('SIGKILL')
  expect(await nextText(child)).toBe('SIGHUP')
  while (isAlive(pid)) await sleep(20)
})
