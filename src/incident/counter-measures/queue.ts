import { reference, type CounterMeasure } from './counter-measure.ts'

export const queue: CounterMeasure = {
  name: 'queue',
  title: { en: 'Fallback policy: wait and try again', ko: 'Fallback 정책: 큐잉 및 지연 재시도' },
  change: {
    en: 'The same drill with a lock that keeps callers waiting, up to 5 s, while Redis cannot say (reference, fallback queue).',
    ko: '동일한 드릴에서, Redis가 응답하지 못하는 동안 최대 5초까지 대기하며 재시도함(reference, fallback=queue).',
  },
  action: {
    en: 'Queue requests for a bounded time while Redis is away, instead of an exception at once.',
    ko: '락 획득 실패 시 예외 대신 제한 시간 내 큐잉·지연 재시도 적용',
  },
  term: 'mid',
  judgedBy: 'damage',
  runs: ({ drill }) => ({ after: reference(drill, { fallback: 'queue', queueMs: 5000 }) }),
}
