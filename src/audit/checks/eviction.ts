import { evictionPolicyOf, memoryLimitOf, numberOf } from '../facts.ts'
import { counted } from '../words.ts'
import type { Check } from './check.ts'

export const eviction = {
  name: 'eviction',
  title: 'A policy that may evict locks, and evictions',
  docs: 'Under any policy but noeviction, Redis throws away locks that are held when memory is short; volatile-* policies take exactly the keys that have a TTL. A second holder is then let in. High where there is a memory limit or keys were evicted, else low: the policy waits for a limit.',
  look: (facts) => {
    const policy = evictionPolicyOf(facts)
    const told = numberOf(facts.info, 'evicted_keys')
    const evicted = told ?? 0
    if (policy === undefined || (policy === 'noeviction' && evicted === 0)) return []
    const limited = (memoryLimitOf(facts) ?? 0) > 0
    if (policy === 'noeviction')
      return [
        {
          severity: 'medium' as const,
          message: `${counted(evicted, 'key')} ${evicted === 1 ? 'was' : 'were'} evicted since Redis started, under an earlier policy`,
          evidence: ['maxmemory-policy is noeviction now'],
          advice: 'Nothing, if the policy was changed for this reason; locks may have been among them.',
        },
      ]
    return [
      {
        severity: limited || evicted > 0 ? ('high' as const) : ('low' as const),
        message: `maxmemory-policy ${policy} throws away locks that are held${policy.startsWith('volatile') ? ': it takes the keys that have a TTL' : ''}${limited ? ' when memory is short' : ', once there is a memory limit'}`,
        evidence: told === undefined ? [] : [`${counted(told, 'key')} evicted since Redis started`],
        advice: 'Locks belong on a Redis with maxmemory-policy noeviction; the cache on another.',
      },
    ]
  },
} satisfies Check
