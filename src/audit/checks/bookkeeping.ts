import { counted, shownKey } from '../words.ts'
import type { Check } from './check.ts'

const keysMin = 10_000

export const bookkeeping = {
  name: 'bookkeeping',
  title: 'What locks leave beside themselves by design: fence counters, queues',
  docs: 'A counter of fences outlives its lock, one for each key that was ever locked; a third of the keys of one Redis in the field were such. Low.',
  look: ({ patterns }) =>
    patterns
      .filter((each) => each.bookkeeping && each.ttl[0]! >= keysMin)
      .map(({ pattern, ttl }) => ({
        severity: 'low' as const,
        message: `${counted(ttl[0]!, 'key')} of ${shownKey(pattern)} stay beside the locks without a TTL`,
        evidence: ['one for each key that was ever locked'],
        advice: 'Lock fewer different keys, or take the fence from one counter for all.',
      })),
} satisfies Check
