import { readCompare } from './compare.ts'
import type { Pattern } from './pattern.ts'

const signature = /local key = KEYS\[1\]\s+local identifier = ARGV\[1\]/

/** Release, refresh. */
const ids = new Set(['7157921a7cc7cfba979acf6d63f073151df17d12', '594683e49a64ebaf975caf5f8079a1d097c438f1'])

/** https://github.com/swarthy/redis-semaphore: its Mutex and RedlockMutex. */
export const redisSemaphore = {
  name: 'redis-semaphore',
  title: 'npm redis-semaphore’s Mutex: SET PX NX, freed and refreshed by scripts',
  docs: 'Certain by its scripts. Its semaphores, which let several in, are none of this.',
  read(call) {
    const { script } = call
    if (script === undefined || !(ids.has(script.id) || signature.test(script.text ?? ''))) return undefined
    const operations = readCompare(call)
    return (
      operations && { sure: 'certain', because: 'the scripts are those of redis-semaphore', operations, reveals: true }
    )
  },
} satisfies Pattern
