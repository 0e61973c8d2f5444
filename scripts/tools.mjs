import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Where a program is: an absolute path, or undefined. No process is started. */
export function findOnPath(name, env) {
  for (const folder of (env.PATH ?? '').split(delimiter)) {
    const file = join(folder, name)
    if (folder !== '' && isExecutable(file)) return file
  }
  return undefined
}

export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}

/**
 * Where each server program is: what PATH has is used, else what was fetched into the cache. PICKLOCK_REDIS_SERVER, a path or a name on
 * PATH, takes precedence, and nothing else is looked at where it is set.
 */
export const finders = {
  'redis-server': ({ env }) => {
    const chosen = env.PICKLOCK_REDIS_SERVER
    if (!chosen) return findOnPath('redis-server', env)
    if (!chosen.includes('/')) return findOnPath(chosen, env)
    return isExecutable(chosen) ? chosen : undefined
  },
  'toxiproxy-server': ({ env, cache }) => {
    const fetched = join(cache, 'bin', 'toxiproxy-server')
    return findOnPath('toxiproxy-server', env) ?? (isExecutable(fetched) ? fetched : undefined)
  },
}

/** One sentence that tells what to type where a server program is missing. */
export function hint(name, machine) {
  const { env, platform } = machine
  if (name === 'toxiproxy-server') return 'toxiproxy-server is missing; type: picklock setup'
  if (env.PICKLOCK_REDIS_SERVER)
    return `PICKLOCK_REDIS_SERVER names ${env.PICKLOCK_REDIS_SERVER}, which is no program that can be run; correct or unset it`
  const typed =
    installers.find(({ program }) => findOnPath(program, env))?.line ?? (platform === 'darwin' ? brew : undefined)
  return typed === undefined
    ? 'redis-server is missing; install Redis 6.2 or newer (https://redis.io/docs/latest/operate/oss_and_stack/install/), or name a program in PICKLOCK_REDIS_SERVER'
    : `redis-server is missing; type: ${typed}`
}

const brew = 'brew install redis'
const installers = [
  { program: 'brew', line: brew },
  { program: 'apt-get', line: 'sudo apt-get update && sudo apt-get install -y redis-server' },
  { program: 'dnf', line: 'sudo dnf install -y redis' },
  { program: 'apk', line: 'sudo apk add redis' },
  { program: 'pacman', line: 'sudo pacman -S redis' },
]
