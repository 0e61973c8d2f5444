import { readCompare } from './compare.ts'
import type { Pattern } from './pattern.ts'

const signature = /local key = KEYS\[1\]\s+local identifier = ARGV\[1\]/

/** https://github.com/swarthy/redis-semaphore: its Mutex and RedlockMutex. */
export const redisSemaphore = {
  name: 'redis-semaphore',
  title: 'npm redis-semaphore’s Mutex: SET PX NX, freed and refreshed by scripts',
  docs: 'Certain by its scripts. Its semaphores, which let several in, are none of this.',
  read(call) {
    const { script } = call
    if (script === undefined || !signature.test(script.text ?? '')) return undefined
    const operations = readCompare(call)
    return (
      operations && { sure: 'certain', because: 'the scripts are those of redis-semaphore', operations, reveals: true }
    )
  },
} satisfies Pattern
