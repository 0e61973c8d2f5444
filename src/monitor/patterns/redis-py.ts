import { readCompare } from './compare.ts'
import type { Pattern } from './pattern.ts'

/** Release, extend, reacquire, as redis-py registers them. */
const ids = new Set(['c3f8721cbb97f72bc19e972846bd7aaf91901658', '1cac51482acf5858da00f6d685d68f886cd6b6b2'])
const signature = /local token = redis\.call\('get', KEYS\[1\]\)\s+if not token or token ~= ARGV\[1\] then/

/** https://github.com/redis/redis-py/blob/master/redis/lock.py */
export const redisPy = {
  name: 'redis-py',
  title: 'redis-py’s Lock: SET NX (without a TTL unless told), freed and prolonged by scripts',
  docs: 'Certain by its scripts. Its SET NX alone looks like everybody’s.',
  read(call) {
    const { script } = call
    if (script === undefined || !(ids.has(script.id) || signature.test(script.text ?? ''))) return undefined
    const operations = readCompare(call)
    return operations && { sure: 'certain', because: 'the scripts are those of redis-py', operations, reveals: true }
  },
} satisfies Pattern
