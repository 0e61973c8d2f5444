import type { CounterMeasure } from './counter-measure.ts'

const limitMs = 10_000
/** What runs out of memory, or makes room by itself. */
const ofMemory = new Set(['oom', 'memory-death', 'eviction'])

/** The seed's rule: every lock key ends by itself, within 10 s. Its effect is on the cause, the keys that pile up, so that it has a drill of its own. */
export const ttlLimit: CounterMeasure = {
  name: 'ttl-limit',
  title: { en: 'A TTL of at most 10 s on every lock key', ko: '모든 락 키에 TTL 강제 (최대 10초)' },
  change: {
    en: 'Drilled on the cause: holders are killed, in the drill ttl-leak, first with a lock whose keys have no TTL, then with one whose keys have; what is counted are the keys that stay behind.',
    ko: '원인 자체를 재현한 ttl-leak 드릴에서 락 보유 서버를 강제 종료함. TTL이 없는 락과 TTL이 있는 락을 각각 실행하고 남은 키 수를 비교함.',
  },
  action: {
    en: 'Enforce a TTL of at most 10 s on every lock key, and check for keys without one (picklock audit).',
    ko: '모든 분산락 키에 TTL 강제 설정(최대 10초 이내), TTL 누락 키 자동 점검(picklock audit)',
  },
  term: 'short',
  judgedBy: 'leaked_keys',
  runs({ facts, drill, registered }) {
    const { lock } = drill.scenario
    const isLong = facts.ttlMs === 'none' || (lock?.ttlMs ?? 0) > limitMs
    const broken = (drill.scenario.faults ?? []).some(({ fault }) => ofMemory.has(fault))
    if (!isLong && !broken) return undefined
    const leak = { scenario: registered('ttl-leak'), registered: 'ttl-leak', lockOptions: {} }
    return {
      before: { ...leak, lock: 'no-ttl' },
      after: { ...leak, lock: 'reference' },
    }
  },
}
