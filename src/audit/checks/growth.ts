import { memoryLimitOf, numberOf, type Facts } from '../facts.ts'
import { counted, humanBytes, humanSpan, shownKey } from '../words.ts'
import type { Check, Severity } from './check.ts'

/** Less is noise. */
const keysMin = 10
const hourMs = 3_600_000

export const growth = {
  name: 'growth',
  title: 'Patterns that grow without an end (--again-after)',
  docs: 'Keys without a TTL of which the second pass sees more than the first: a leak is not a number of keys but a number that only rises. Medium; high for locks, and where at this rate the memory limit is reached within an hour.',
  look: (facts) => {
    const { patterns, betweenMs } = facts
    if (betweenMs === undefined) return []
    return patterns.flatMap(({ pattern, ttl, before, keys, bytes, lock, bookkeeping }) => {
      const grown = ttl[0]! - (before?.ttl[0] ?? 0)
      if (grown < keysMin) return []
      const perKey = bytes === undefined || keys === 0 ? undefined : bytes / keys
      const bytesPerHour = perKey === undefined ? undefined : (perKey * grown * hourMs) / betweenMs
      const leftMs = timeLeftMs(facts, bytesPerHour)
      const severity: Severity =
        (lock !== undefined && !bookkeeping) || (leftMs !== undefined && leftMs < hourMs) ? 'high' : 'medium'
      return [
        {
          severity,
          message: `${shownKey(pattern)} grew by ${counted(grown, 'key')} without a TTL within ${humanSpan(betweenMs)}`,
          evidence: [
            `${before?.ttl[0] ?? 0} before, ${ttl[0]} after`,
            ...(bytesPerHour === undefined ? [] : [`about ${humanBytes(bytesPerHour)} an hour`]),
            ...(leftMs === undefined ? [] : [`the memory limit is reached in ${humanSpan(leftMs)} at this rate`]),
          ],
          advice: bookkeeping
            ? 'Lock fewer different keys, or take the fence from one counter for all; a TTL would let a fence begin again, and old holders write.'
            : `Find who writes ${shownKey(pattern)} and give the key a TTL; picklock watch shows it as it happens.`,
        },
      ]
    })
  },
} satisfies Check

function timeLeftMs(facts: Facts, bytesPerHour: number | undefined): number | undefined {
  const limit = memoryLimitOf(facts) ?? 0
  const used = numberOf(facts.info, 'used_memory')
  if (limit === 0 || used === undefined || bytesPerHour === undefined || bytesPerHour <= 0) return undefined
  return (Math.max(0, limit - used) / bytesPerHour) * hourMs
}
