import { wholeShare } from '../shares.ts'
import { counted, humanBytes, shownKey } from '../words.ts'
import { evictionPolicyOf, memoryLimitOf } from '../facts.ts'
import type { Check } from './check.ts'

/** Fewer are nobody's leak. */
const keysMin = 1000
const shareMin = 0.1

export const keysWithoutTtl = {
  name: 'keys-without-ttl',
  title: 'Keys without a TTL that are no locks, and many',
  docs: 'Caches and sessions that never expire fill the memory in which the locks live, too. Medium where Redis has a memory limit and evicts nothing (then writes, and locks with them, are refused), else low.',
  look: (facts) => {
    const { patterns, keys: all } = facts
    const capped = (memoryLimitOf(facts) ?? 0) > 0 && evictionPolicyOf(facts) === 'noeviction'
    return patterns
      .filter(
        ({ lock, bookkeeping, ttl }) =>
          // A counter of fences that expires begins again at 1, and lets old holders write: never advise it a TTL.
          lock === undefined && !bookkeeping && ttl[0]! >= keysMin && ttl[0]! >= all * shareMin,
      )
      .map(({ pattern, keys, ttl, bytes }) => ({
        severity: capped ? ('medium' as const) : ('low' as const),
        message: `${counted(ttl[0]!, 'key')} of ${shownKey(pattern)} have no TTL`,
        evidence: [
          `${wholeShare(ttl[0]!, keys)} of the pattern, ${wholeShare(ttl[0]!, all)} of all keys`,
          ...(bytes === undefined ? [] : [`the pattern takes about ${humanBytes(bytes)}`]),
        ],
        advice:
          'If they are a cache or sessions, give them a TTL; if they are data, they belong on a Redis without locks.',
      }))
  },
} satisfies Check
