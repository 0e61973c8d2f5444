import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const endMaxMs = 20_000

/** Runs vitest and counts: `{ passed, failed, skipped, reasons }`, the last being how many were skipped by reason. Whatever else ends it badly counts as one failure. */
export async function runTests(machine, args, output = 'inherit') {
  const folder = mkdtempSync(join(tmpdir(), 'picklock-test-'))
  const file = join(folder, 'count.json')
  try {
    const code = await vitest(machine, args, file, output)
    const count = readCount(file) ?? { passed: 0, failed: 0, skipped: 0, reasons: {} }
    if (code !== 0 && count.failed === 0) {
      machine.say(`vitest ended with ${code}`)
      count.failed = 1
    }
    return count
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Resolves to its exit code, or to a sentence. Once the counts are written it has little time to end: a handle left open is a failure. */
function vitest({ folder, nodePath }, args, countFile, output) {
  const reporters = [join(folder, 'scripts', 'test-count.mjs')]
  if (!args.some((arg) => arg.startsWith('--reporter'))) reporters.unshift('default')
  const options = reporters.map((reporter) => `--reporter=${reporter}`)
  const child = spawn(nodePath, [join(folder, 'node_modules', 'vitest', 'vitest.mjs'), 'run', ...options, ...args], {
    cwd: folder,
    detached: true, // a process group of its own, so that what tests started can be ended with it
    stdio: ['ignore', output, output],
    env: { ...process.env, PICKLOCK_TEST_COUNT: countFile },
  })
  const passOn = (signal) => signalGroup(child.pid, signal)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, passOn)
  let countedAtMs
  let overdue = false
  const watch = setInterval(() => {
    if (existsSync(countFile)) countedAtMs ??= Date.now()
    if (countedAtMs === undefined || Date.now() - countedAtMs < endMaxMs) return
    overdue = true
    child.kill('SIGKILL')
  }, 500)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      clearInterval(watch)
      signalGroup(child.pid, 'SIGTERM')
      resolve(overdue ? `a kill: it did not end ${endMaxMs / 1000} s after its last test` : (code ?? signal))
    })
  })
}

function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if (error.code !== 'ESRCH') throw error // nobody is left
  }
}

function readCount(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined // it never got to the end
  }
}
