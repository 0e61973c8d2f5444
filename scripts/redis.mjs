import { existsSync } from 'node:fs'
import { mustRun, SetupError, step } from './machine.mjs'
import { finders, findOnPath, hint } from './tools.mjs'

/** redis-server: what is there, else from the system's packages. */
export const redis = {
  name: 'redis-server',
  present: (machine) => finders['redis-server'](machine) !== undefined,
  async obstacle(machine) {
    if (machine.env.PICKLOCK_REDIS_SERVER) return hint('redis-server', machine)
    return (await wayToInstall(machine)) === undefined ? hint('redis-server', machine) : undefined
  },
  async obtain(machine) {
    const way = await wayToInstall(machine)
    await step(machine, `installing redis-server with ${way.name}`, '20 s', () => way.install(machine))
    if (!redis.present(machine))
      throw new SetupError(`${way.name} installed no redis-server that is on PATH; ${hint('redis-server', machine)}`)
  },
}

/** Homebrew first: where it is, the user chose it, and it needs no root (it refuses to run as root). */
async function wayToInstall(machine) {
  const { env, isRoot } = machine
  if (findOnPath('brew', env) && !isRoot)
    return { name: 'brew', install: () => mustRun(machine, 'brew', ['install', 'redis'], { env }) }
  if (findOnPath('apt-get', env) === undefined) return undefined
  if (isRoot) return { name: 'apt-get', install: () => withApt(machine, []) }
  const maySudo = findOnPath('sudo', env) && (await machine.run('sudo', ['-n', 'true'], { env })).code === 0
  return maySudo ? { name: 'sudo apt-get', install: () => withApt(machine, ['sudo', '-n']) } : undefined
}

/**
 * The package starts a Redis on port 6379 and at every boot, which nobody asked for: we want its program only. RUNLEVEL=1 keeps init
 * scripts from starting it; systemd does not look at that, so there it is switched off again.
 */
async function withApt(machine, prefix) {
  const apt = (...args) =>
    prefixed(machine, [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1', 'apt-get', '-q', ...args])
  await apt('update')
  await apt('install', '-y', '--no-install-recommends', 'redis-server')
  if (existsSync('/run/systemd/system'))
    await prefixed(machine, [...prefix, 'systemctl', 'disable', '--now', 'redis-server'])
}

function prefixed(machine, [command, ...args]) {
  return mustRun(machine, command, args, { env: machine.env })
}
