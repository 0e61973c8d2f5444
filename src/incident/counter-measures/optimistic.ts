import { keepsBooks, workOf, type CounterMeasure } from './counter-measure.ts'

export const optimistic: CounterMeasure = {
  name: 'optimistic-lock',
  title: { en: 'Optimistic locking in the database (a version column)', ko: 'DB 낙관적 락 (version 컬럼)' },
  change: {
    en: 'The same drill without a lock on Redis: a write passes only if nobody wrote since the read (guard optimistic).',
    ko: '동일한 드릴에서, Redis 락 없이 조회 이후 변경이 없을 때만 쓰기를 허용함(guard=optimistic).',
  },
  action: {
    en: 'Weigh doing without a lock where a version column is enough.',
    ko: '락 의존성이 높은 트랜잭션의 락-리스(lock-less) 구조(DB 낙관적 락) 전환 검토',
  },
  term: 'long',
  judgedBy: 'damage',
  withoutLock: true,
  runs: ({ drill }) =>
    keepsBooks(drill) ? { after: { ...drill, scenario: workOf(drill, { guard: 'optimistic' }) } } : undefined,
}
