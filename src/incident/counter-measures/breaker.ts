import { reference, type CounterMeasure } from './counter-measure.ts'

export const breaker: CounterMeasure = {
  name: 'circuit-breaker',
  title: { en: 'Circuit breaker, which refuses while it is open', ko: '서킷 브레이커 (Open 상태에서는 거절)' },
  change: {
    en: 'The same drill with a circuit breaker around Redis: open at 60 % failures, for 1 s here (reference, breaker).',
    ko: '동일한 드릴에서, Redis 호출에 서킷 브레이커 적용: 실패율 60%에서 Open, 드릴에서는 1초 유지(reference, breaker).',
  },
  action: {
    en: 'Put a circuit breaker before the lock, and see to it that an open one refuses.',
    ko: '분산락에 서킷 브레이커 적용(Open 상태는 반드시 거절로 처리)',
  },
  term: 'mid',
  judgedBy: 'damage',
  runs: ({ drill }) => ({ after: reference(drill, { fallback: 'failFast', breaker: true, openForMs: 1000 }) }),
}
