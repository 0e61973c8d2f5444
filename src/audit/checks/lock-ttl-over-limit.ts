import { wholeShare } from '../shares.ts'
import { counted, humanSpan, shownKey } from '../words.ts'
import type { Check } from './check.ts'

/** From here on it is no long lease any more but a leak with an end. */
const muchFactor = 10

export const lockTtlOverLimit = {
  name: 'lock-ttl-over-limit',
  title: 'Locks that live for longer than the limit (--ttl-limit, 10 s)',
  docs: 'When a holder dies, everybody waits until the lock’s time is up. The incident’s rule is 10 s at most, and renewal for work that takes longer. Medium; high where a lock has more than ten times the limit left.',
  look: ({ patterns }, { ttlMs }) =>
    patterns
      .filter(({ lock, overLimit }) => lock !== undefined && overLimit > 0)
      .map(({ pattern, lock, keys, overLimit, longestTtlMs, examples }) => ({
        severity: longestTtlMs > ttlMs * muchFactor ? ('high' as const) : ('medium' as const),
        message: `${counted(overLimit, 'lock')} of ${shownKey(pattern)} ${overLimit === 1 ? 'lives' : 'live'} on for more than ${humanSpan(ttlMs)}, the longest for ${humanSpan(longestTtlMs)}`,
        evidence: [
          `${wholeShare(overLimit, keys)} of the pattern’s keys; taken for locks because ${lock!.why}`,
          ...examples.overLimit.map(({ key, ttlMs: left }) => `${shownKey(key)}, ${humanSpan(left)} left`),
        ],
        advice: `Give the lock at most ${humanSpan(ttlMs)} and renew it while the work goes on; another limit is --ttl-limit.`,
      })),
} satisfies Check
