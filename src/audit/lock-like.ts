/**
 * Which keys look like locks: by their name, and by what is in them. Both are guesses, and the report says on what they rest; `--pattern` says it
 * for sure.
 */
export interface LockGuess {
  /** `named`: by --pattern. `sure`: name and value agree, or the value is a known library's. `likely`: one of them alone. */
  how: 'named' | 'sure' | 'likely'
  why: string
}

/** What a key holds, as far as it was looked at. */
export interface Value {
  type: string
  /** Of a string its beginning; of a hash its fields and values in turn. */
  text: string
  parts: string[]
}

const lockWords = new Set([
  'lock',
  'locks',
  'locked',
  'locking',
  'lockregistry',
  'mutex',
  'mutexes',
  'redlock',
  'semaphore',
  'lease',
  'leases',
  'shedlock',
])
/** What lives beside a lock by design, and is none: counters of fences, the queues of waiters. */
const besideWords = new Set([
  'fence',
  'fences',
  'fencing',
  'counter',
  'seq',
  'sequence',
  'queue',
  'timeout',
  'signal',
  'wait',
  'waiters',
  'channel',
])
/** A UUID in these is something else. */
const otherWords = new Set([
  'sess',
  'session',
  'sessions',
  'token',
  'tokens',
  'refresh',
  'csrf',
  'xsrf',
  'cache',
  'otp',
  'nonce',
  'idempotency',
  'user',
  'users',
  'auth',
  'jwt',
  'request',
  'requests',
  'id',
  'ids',
])

/** `redisson_lock_queue`, `orderLock:7`: the words of a name, in small letters. */
export function wordsOf(pattern: string): string[] {
  return pattern
    .replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter(Boolean)
}

const tokens: [one: string, many: string, shape: RegExp][] = [
  ['a UUID', 'UUIDs', /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?:[:_-][\w-]{1,64})?$/i],
  [
    'a random number in hexadecimal',
    'random numbers in hexadecimal',
    /^(?=.*\d)(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{44}|[0-9a-f]{64})$/i,
  ],
  ['random bytes in base64', 'random bytes in base64', /^(?=.*[A-Z])(?=.*[a-z])(?=.*\d)[A-Za-z0-9+/_-]{22}(?:==)?$/],
]
/** Redisson: the field is the holder, connection and thread; the value counts how often it entered. */
const redissonField = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}:\d+$/i

export const isBookkeeping = (pattern: string): boolean => {
  const words = wordsOf(pattern)
  return (
    words.some((word) => besideWords.has(word)) && words.some((word) => lockWords.has(word) || word.startsWith('fenc'))
  )
}

/** By its name alone: all that an event or a SCAN tells. */
export function hasLockName(key: string): boolean {
  const words = wordsOf(key)
  return words.some((word) => lockWords.has(word)) && !words.some((word) => besideWords.has(word))
}

/** `values`: some of the pattern's keys; none where nobody may read them, or all were gone. */
export function guess(pattern: string, values: readonly Value[]): LockGuess | undefined {
  const words = wordsOf(pattern)
  const word = words.find((each) => lockWords.has(each))
  if (words.some((each) => besideWords.has(each))) return undefined
  const shape = shapeOf(values)
  if (shape?.redisson) return { how: 'sure', why: shape.words }
  if (word !== undefined) {
    if (values.length > 0 && !values.some(({ type }) => ['string', 'hash', 'zset'].includes(type))) return undefined
    return shape
      ? { how: 'sure', why: `its name says ${word}; ${shape.words}` }
      : { how: 'likely', why: `its name says ${word}` }
  }
  if (shape === undefined || words.some((each) => otherWords.has(each))) return undefined
  return { how: 'likely', why: `${shape.words}, as a lock’s token is` }
}

function shapeOf(values: readonly Value[]): { words: string; redisson: boolean } | undefined {
  if (values.length === 0) return undefined
  const some = values.length === 1 ? 'its value is' : `${values.length} of ${values.length} values looked at are`
  const isRedisson = values.every(
    ({ type, parts }) =>
      type === 'hash' &&
      parts.length > 0 &&
      parts.every((part, at) => (at % 2 === 0 ? redissonField.test(part) : /^\d+$/.test(part))),
  )
  if (isRedisson) return { words: `${some} Redisson’s: a hash of holder and count`, redisson: true }
  const named = tokens.find(([, , shape]) => values.every(({ type, text }) => type === 'string' && shape.test(text)))
  return named && { words: `${some} ${values.length === 1 ? named[0] : named[1]}`, redisson: false }
}
