import { fieldsOf } from '../../live/info.ts'
import { counted } from '../words.ts'
import type { Check } from './check.ts'

const kinds: Record<string, { what: string; advice: string }> = {
  OOM: {
    what: 'because memory was full',
    advice: 'Locks could not be taken meanwhile: find what fills the memory (--again-after 60s) before it comes again.',
  },
  MISCONF: {
    what: 'because a snapshot had failed',
    advice: 'Look for a full disk or a fork that fails; see rdb_last_bgsave_status in INFO.',
  },
  READONLY: {
    what: 'because the node was a replica',
    advice: 'Clients wrote to a node that is no primary: they find it by Sentinel, or reconnect on READONLY.',
  },
  NOREPLICAS: {
    what: 'because too few replicas followed',
    advice: 'min-replicas-to-write did its work; see why replicas were away.',
  },
  BUSY: { what: 'because a script ran for too long', advice: 'Find the slow script: SLOWLOG GET.' },
}

export const refusedWrites = {
  name: 'refused-writes',
  title: 'Commands that Redis refused since it started, by reason',
  docs: 'INFO errorstats counts what was refused: OOM, MISCONF, READONLY, NOREPLICAS, BUSY. Each was a lock that could not be taken or given back. High for OOM and MISCONF, else medium.',
  look: ({ info }) =>
    Object.entries(kinds).flatMap(([kind, { what, advice }]) => {
      const count = Number(fieldsOf(info.get(`errorstat_${kind}`) ?? '')['count'] ?? 0)
      if (count === 0) return []
      return [
        {
          severity: kind === 'OOM' || kind === 'MISCONF' ? ('high' as const) : ('medium' as const),
          message: `${counted(count, 'command')} ${count === 1 ? 'was' : 'were'} refused ${what} (${kind})`,
          evidence: [`errorstat_${kind} of INFO, since Redis started or CONFIG RESETSTAT`],
          advice,
        },
      ]
    }),
} satisfies Check
