import { memoryLimitOf, numberOf } from '../facts.ts'
import { humanBytes, humanShare } from '../words.ts'
import type { Check } from './check.ts'

const fullShare = 0.95
const nearShare = 0.8

export const memoryLimit = {
  name: 'memory-limit',
  title: 'How near Redis is to its memory limit, or that it has none',
  docs: 'At its limit a Redis that evicts nothing refuses every lock ("OOM command not allowed"); without a limit it grows until the operating system kills it, and all locks are gone at once. High from 95 % on, medium from 80 % on and where there is no limit.',
  look: (facts) => {
    const { info } = facts
    const used = numberOf(info, 'used_memory')
    const limit = memoryLimitOf(facts)
    if (used === undefined || limit === undefined) return []
    const machine = numberOf(info, 'total_system_memory')
    if (limit === 0)
      return [
        {
          severity: 'medium' as const,
          message:
            'maxmemory is not set: Redis grows until the operating system kills it, and every lock is gone at once',
          evidence: [`${humanBytes(used)} used${machine ? ` of the machine’s ${humanBytes(machine)}` : ''}`],
          advice:
            'Set maxmemory below what the machine or container has, with maxmemory-policy noeviction, and an alarm at 80 %.',
        },
      ]
    if (used < limit * nearShare) return []
    return [
      {
        severity: used >= limit * fullShare ? ('high' as const) : ('medium' as const),
        message: `${humanShare(used / limit)} of maxmemory is used`,
        evidence: [`${humanBytes(used)} of ${humanBytes(limit)}`],
        advice: 'Find what grows (--again-after 60s), give it a TTL, or raise maxmemory.',
      },
    ]
  },
} satisfies Check
