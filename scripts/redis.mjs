import { existsSync } from 'node:fs'
import { SetupError, step } from './machine.mjs'
import { packageManager } from './packages.mjs'
import { finders, hint } from './tools.mjs'

/** redis-server: what is there, else from the system's packages. */
export const redis = {
  name: 'redis-server',
  present: (machine) => finders['redis-server'](machine) !== undefined,
  async obstacle(machine) {
    if (machine.env.PICKLOCK_REDIS_SERVER) return hint('redis-server', machine)
    return (await packageManager(machine)) === undefined ? hint('redis-server', machine) : undefined
  },
  async obtain(machine) {
    const manager = await packageManager(machine)
    await step(machine, `installing redis-server with ${manager.name}`, '20 s', () => install(manager))
    if (!redis.present(machine))
      throw new SetupError(
        `${manager.name} installed no redis-server that is on PATH; ${hint('redis-server', machine)}`,
      )
  },
}

/**
 * The package of Debian starts a Redis on port 6379 and at every boot, which nobody asked for: we want its program only. systemd does not look
 * at RUNLEVEL, so there it is switched off again.
 */
async function install({ install: add, asRoot }) {
  if (asRoot === undefined) return add('redis')
  await add('redis-server')
  if (existsSync('/run/systemd/system')) await asRoot('systemctl', 'disable', '--now', 'redis-server')
}
