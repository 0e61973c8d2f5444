import { keepsBooks, reference, workOf, type CounterMeasure } from './counter-measure.ts'

export const fencing: CounterMeasure = {
  name: 'fencing',
  title: { en: 'Fencing: the database refuses an older grant', ko: 'Fencing 토큰: DB가 오래된 락의 쓰기를 거절' },
  change: {
    en: 'The same drill; every grant carries a rising number, and the database refuses a lower one (reference, guard fenced; a lock in memory has no fence to give, so that it refuses while Redis is away).',
    ko: '동일한 드릴에서, 락마다 증가하는 번호를 부여하고 DB가 더 낮은 번호의 쓰기를 거절함(reference, guard=fenced. 로컬 락은 토큰을 발급할 수 없으므로 Redis 장애 중에는 즉시 실패).',
  },
  action: {
    en: 'Hand the lock’s fence to the database with every write, and refuse older ones there.',
    ko: '모든 쓰기에 fencing 토큰을 전달하고 DB에서 이전 토큰의 쓰기를 거절',
  },
  term: 'mid',
  judgedBy: 'damage',
  runs: ({ drill }) =>
    keepsBooks(drill)
      ? { after: { ...reference(drill, { fallback: 'failFast' }), scenario: workOf(drill, { guard: 'fenced' }) } }
      : undefined,
}
