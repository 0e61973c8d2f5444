import { mustRun } from './machine.mjs'
import { findOnPath } from './tools.mjs'

/**
 * The system's package manager, where it can install without asking anybody: `{ name, install(package) }`, and with apt-get also
 * `asRoot(...command)`; else undefined. Homebrew first: where it is, the user chose it, and it needs no root (it refuses to run as root).
 */
export async function packageManager(machine) {
  const { env, isRoot } = machine
  if (findOnPath('brew', env) && !isRoot)
    return { name: 'brew', install: (name) => mustRun(machine, 'brew', ['install', name], { env }) }
  if (findOnPath('apt-get', env) === undefined) return undefined
  if (isRoot) return { name: 'apt-get', ...apt(machine, []) }
  const maySudo = findOnPath('sudo', env) && (await machine.run('sudo', ['-n', 'true'], { env })).code === 0
  return maySudo ? { name: 'sudo apt-get', ...apt(machine, ['sudo', '-n']) } : undefined
}

/** RUNLEVEL=1 keeps init scripts from starting a service that nobody asked for. */
function apt(machine, prefix) {
  const asRoot = (...line) => {
    const [command, ...args] = [...prefix, ...line]
    return mustRun(machine, command, args, { env: machine.env })
  }
  const get = (...args) => asRoot('env', 'DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1', 'apt-get', '-q', ...args)
  return {
    asRoot,
    async install(name) {
      await get('update')
      await get('install', '-y', '--no-install-recommends', name)
    },
  }
}
