import { spawnSync } from 'node:child_process'
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

/** Of the programs that we fetch ourselves. */
export const versions = { 'toxiproxy-server': '2.12.0', k6: '2.2.0' }

/** Where in the cache it is kept: with its version in its name, because one cache may serve several versions of Picklock. */
export const fetchedFile = (name, { cache }) => join(cache, 'bin', `${name}-${versions[name]}`)

const fetchedBefore = (name, machine) => {
  const file = fetchedFile(name, machine)
  return isExecutable(file) ? file : undefined
}

/**
 * Where each program is: what PATH has is used, else what was fetched into the cache. PICKLOCK_REDIS_SERVER, a path or a name on
 * PATH, takes precedence, and nothing else is looked at where it is set.
 */
export const finders = {
  'redis-server': ({ env }) => {
    const chosen = env.PICKLOCK_REDIS_SERVER
    if (!chosen) return findOnPath('redis-server', env)
    if (!chosen.includes('/')) return findOnPath(chosen, env)
    return isExecutable(chosen) ? chosen : undefined
  },
  'toxiproxy-server': (machine) =>
    findOnPath('toxiproxy-server', machine.env) ?? fetchedBefore('toxiproxy-server', machine),
  // The fetched one first: that needs no question. Another one may be too old for what we ask of it, or from a later age.
  k6: (machine) => {
    const onPath = () => findOnPath('k6', machine.env)
    return fetchedBefore('k6', machine) ?? (speaksOurK6(onPath()) ? onPath() : undefined)
  },
}

function speaksOurK6(file) {
  if (file === undefined) return false
  const { stdout } = spawnSync(file, ['version'], { encoding: 'utf8', timeout: 10_000 })
  const [, major, minor] = /v(\d+)\.(\d+)/.exec(stdout ?? '') ?? []
  const [ours, atLeast] = versions.k6.split('.')
  return major === ours && Number(minor) >= Number(atLeast)
}

/** One sentence that tells what to type where a server program is missing. */
export function hint(name, machine) {
  const { env, platform } = machine
  if (name === 'toxiproxy-server') return 'toxiproxy-server is missing; type: picklock setup'
  if (name === 'k6') {
    const other = findOnPath('k6', env)
    const what = other === undefined ? 'k6 is missing' : `${other} is no k6 ${versions.k6} or a later one of its kind`
    return `${what}; type: picklock setup k6`
  }
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
