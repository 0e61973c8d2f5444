import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of package.json: a clone, or the installed package. */
export const home = dirname(dirname(fileURLToPath(import.meta.url)))

/** A clone runs from its sources; the published package has none, because Node refuses .ts under node_modules. */
export const isClone = (folder) => existsSync(join(folder, 'src', 'cli.ts'))

/**
 * Where what was fetched and compiled is kept; PICKLOCK_CACHE names another folder. A clone keeps it to itself. Installed packages share one
 * folder of the user's: node_modules may be read-only, is laid anew at every install, and there is one in each project.
 */
export function cacheFolder(folder = home, env = process.env) {
  if (env.PICKLOCK_CACHE) return resolve(env.PICKLOCK_CACHE)
  if (isClone(folder)) return join(folder, '.cache')
  const caches = env.XDG_CACHE_HOME // by its specification a relative one is to be ignored
  return join(caches && isAbsolute(caches) ? caches : join(homedir(), '.cache'), 'picklock')
}

/** For where the cache cannot be made or written: what to do. */
export const cacheHint = (cache, error) =>
  `the cache folder ${cache} cannot be written (${error.code ?? error.message}); name another in PICKLOCK_CACHE`
