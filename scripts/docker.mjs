import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { step } from './machine.mjs'
import { packageManager } from './packages.mjs'
import { findOnPath } from './tools.mjs'

const startMs = 20_000
const stopMs = 10_000

/**
 * A Docker engine for the tests, where one can be had for little: the one that answers, else one of Debian's, installed and started here as root. Resolves to what stops
 * what was started. Never an error: tests that need an engine say by themselves that they were skipped.
 */
export async function dockerForTests(machine) {
  const nothing = async () => {}
  if (await answers(machine)) return nothing
  const without = (why) => {
    machine.say(`the tests that need Docker will be skipped: ${why}`)
    return nothing
  }
  if (machine.platform !== 'linux' || !machine.isRoot)
    return without('no engine answers, and only root on Linux can start one')
  try {
    const dockerd = () => findOnPath('dockerd', { ...machine.env, PATH: `${machine.env.PATH}:/usr/sbin:/sbin` })
    if (dockerd() === undefined) {
      const manager = await packageManager(machine)
      if (manager?.name !== 'apt-get') return without('dockerd is not installed')
      await step(machine, 'installing docker.io for the tests', '20 s', () => manager.install('docker.io'))
      if (dockerd() === undefined) return without('docker.io could not be installed')
      if (await answers(machine)) return nothing
    }
    return (await started(machine, dockerd())) ?? without(`dockerd does not start here; its log: ${logFile(machine)}`)
  } catch (error) {
    return without(error.message.split('\n')[0])
  }
}

const logFile = ({ cache }) => join(cache, 'dockerd.log')

/** Without rules for packets, which not every CI machine may set: the tests need nothing but this machine's way to its containers. */
async function started(machine, dockerd) {
  mkdirSync(machine.cache, { recursive: true })
  const log = openSync(logFile(machine), 'w')
  const child = spawn(dockerd, ['--iptables=false', '--ip6tables=false'], {
    detached: true,
    stdio: ['ignore', log, log],
    env: machine.env,
  })
  closeSync(log)
  let ended = false
  const over = new Promise((resolve) => {
    for (const end of ['exit', 'error']) child.on(end, () => resolve((ended = true)))
  })
  child.unref()
  for (const endMs = Date.now() + startMs; Date.now() < endMs && !ended; await sleep(200))
    if (await answers(machine))
      return async () => {
        // Waited for from here on: with nothing else to do Node would end before it did.
        child.ref()
        child.kill('SIGTERM')
        await Promise.race([over, sleep(stopMs, undefined, { ref: false })])
      }
  child.kill('SIGKILL')
  return undefined
}

async function answers(machine) {
  if (findOnPath('docker', machine.env) === undefined) return false
  const { code } = await machine.run('docker', ['version', '--format', '{{.Server.Version}}'], {
    env: machine.env,
    timeoutMs: 5000,
  })
  return code === 0
}
