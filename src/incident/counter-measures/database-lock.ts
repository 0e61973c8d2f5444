import { keepsBooks, workOf, type CounterMeasure } from './counter-measure.ts'

export const databaseLock: CounterMeasure = {
  name: 'database-lock',
  title: { en: 'Database lock (SELECT … FOR UPDATE)', ko: 'DB 비관적 락 (SELECT … FOR UPDATE)' },
  change: {
    en: 'The same drill without a lock on Redis: the row in the database is locked for the whole work (guard pessimistic).',
    ko: '동일한 드릴에서, Redis 락 없이 작업 전체 동안 DB 행을 잠금(guard=pessimistic).',
  },
  action: {
    en: 'Weigh a lock on the database’s row for work whose rate it bears.',
    ko: '처리량이 허용되는 도메인은 DB 비관적 락 전환 검토',
  },
  term: 'long',
  judgedBy: 'damage',
  withoutLock: true,
  runs: ({ drill }) =>
    keepsBooks(drill) ? { after: { ...drill, scenario: workOf(drill, { guard: 'pessimistic' }) } } : undefined,
}
