import type { Call } from '../call.ts'
import type { Pattern, Sighting } from './pattern.ts'
import { redisPy } from './redis-py.ts'
import { redisSemaphore } from './redis-semaphore.ts'
import { redisson } from './redisson.ts'
import { redlock } from './redlock.ts'
import { reference } from './reference.ts'
import { setNx } from './set-nx.ts'
import { setnxExpire } from './setnx-expire.ts'

/** Libraries first, and the plain ways, which look like many, last: the first that knows a call reads it. */
export const patterns = {
  reference,
  redisson,
  redlock,
  'redis-py': redisPy,
  'redis-semaphore': redisSemaphore,
  'setnx-expire': setnxExpire,
  'set-nx': setNx,
} satisfies Record<string, Pattern>

export type PatternName = keyof typeof patterns

const inOrder = Object.entries(patterns) as [PatternName, Pattern][]

export function recognise(call: Call): (Sighting & { pattern: PatternName }) | undefined {
  for (const [pattern, { read }] of inOrder) {
    const sighting = read(call)
    if (sighting !== undefined) return { ...sighting, pattern }
  }
  return undefined
}
