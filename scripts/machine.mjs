import { spawn } from 'node:child_process'
import { cacheFolder, home } from './home.mjs'

/**
 * What the set-up looks at and what it may do, in one object, so that a test can hand in a machine without Go, without root, with an
 * old Node. Plain JavaScript without dependencies, for Node 18 and newer, like everything in this folder: it runs before anything else
 * is there.
 */
export function thisMachine() {
  return {
    folder: home,
    cache: cacheFolder(),
    env: process.env,
    platform: process.platform,
    arch: process.arch,
    isRoot: process.getuid?.() === 0,
    nodeVersion: process.versions.node,
    nodePath: process.execPath,
    say: (text) => process.stderr.write(`picklock: ${text}\n`),
    run,
  }
}

/** The set-up cannot go on by itself: printed as it is, without a stack. The exit code is the design's: the environment. */
export class SetupError extends Error {
  name = 'SetupError'
  exitCode = 3
}

/** How the names of folders begin that something is being fetched into; they are moved to their place when they are whole. */
export const unfinished = '.fetching-'

/** Tells what begins and how long it may take, and at its end how long it took. Only for what takes longer than a second. */
export async function step(machine, doing, about, work) {
  const startedAtMs = Date.now()
  machine.say(`${doing} (about ${about}) …`)
  const result = await work()
  machine.say(`${doing}: done in ${((Date.now() - startedAtMs) / 1000).toFixed(1)} s`)
  return result
}

/** `machine.run`, and a SetupError with the output where the command fails. */
export async function mustRun(machine, command, args, options) {
  const { code, output } = await machine.run(command, args, options)
  if (code !== 0) throw new SetupError(`\`${[command, ...args].join(' ')}\` failed:\n${ends(output)}`)
  return output
}

/** Some tools tell the cause first and then their usage, others tell it last: both ends are kept. */
function ends(output) {
  const lines = output.trimEnd().split('\n')
  return (lines.length <= 24 ? lines : [...lines.slice(0, 12), '…', ...lines.slice(-12)]).join('\n')
}

const outputMaxChars = 200_000
const endings = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }

/** Runs a command to its end: `{ code, output }`, the output being stdout and stderr as they came. It dies with us. */
function run(command, args, { cwd, env, timeoutMs } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env: env ?? process.env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const add = (chunk) => (output = (output + chunk).slice(-outputMaxChars))
    child.stdout.setEncoding('utf8').on('data', add)
    child.stderr.setEncoding('utf8').on('data', add)
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), timeoutMs)
    const end = (signal) => {
      child.kill(signal)
      process.exit(endings[signal])
    }
    for (const signal of Object.keys(endings)) process.on(signal, end)
    const settle = (code, more) => {
      clearTimeout(timer)
      for (const signal of Object.keys(endings)) process.off(signal, end)
      resolve({ code, output: output + more })
    }
    child.on('error', (error) => settle(127, error.message))
    child.on('close', (code) => settle(code ?? 1, ''))
  })
}
