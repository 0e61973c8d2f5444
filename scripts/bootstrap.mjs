import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { dependencies } from './dependencies.mjs'
import { k6 } from './k6.mjs'
import { withSetupLock } from './lock.mjs'
import { SetupError, unfinished } from './machine.mjs'
import { node } from './node.mjs'
import { redis } from './redis.mjs'
import { toxiproxy } from './toxiproxy.mjs'

/**
 * Makes a fresh machine ready. A part has a `name`, `present(machine)` (looks at files only, no process is started), `obstacle(machine)`
 * (what to type where it cannot be had by itself) and `obtain(machine)`; in this order, a later one may use an earlier one.
 */
export const parts = { node, dependencies, redis, toxiproxy, k6 }
/** What a drill needs. k6 is fetched only where somebody asks for it. */
export const all = [node, dependencies, redis, toxiproxy]

/** Does nothing for what is there already. Throws a SetupError that tells what to type, before anything long has begun. */
export async function bootstrap(machine, wanted = all) {
  if (missing(machine, wanted).length === 0) return
  await refuseTheImpossible(machine, wanted)
  await withSetupLock(machine, async () => {
    sweep(machine)
    // Asked again one by one: another set-up may have fetched it while we waited for the lock.
    for (const part of wanted) if (!part.present(machine)) await part.obtain(machine)
  })
}

export function missing(machine, wanted = all) {
  return wanted.filter((part) => !part.present(machine))
}

async function refuseTheImpossible(machine, wanted) {
  const obstacles = []
  for (const part of missing(machine, wanted)) obstacles.push(await part.obstacle(machine))
  const sentences = new Set(obstacles.filter((sentence) => sentence !== undefined))
  if (sentences.size > 0) throw new SetupError([...sentences].join('\n'))
}

/** What a killed set-up left half fetched. Only under the lock, where nobody else is fetching. */
function sweep({ cache }) {
  for (const name of readdirSync(cache))
    if (name.startsWith(unfinished)) rmSync(join(cache, name), { recursive: true, force: true })
}
