import { reference, type CounterMeasure } from './counter-measure.ts'

export const failFast: CounterMeasure = {
  name: 'fail-fast',
  title: { en: 'Fallback policy: refuse', ko: 'Fallback 정책: 즉시 실패(failFast)' },
  change: {
    en: 'The same drill with a lock that grants nothing while Redis cannot say (reference, fallback failFast).',
    ko: '동일한 드릴에서, Redis가 응답하지 못하는 동안 락을 부여하지 않음(reference, fallback=failFast).',
  },
  action: {
    en: 'Make "refuse" the default of every lock’s fallback policy; a lock in memory is no fallback on more than one server.',
    ko: '공통 락 유틸의 fallback 기본값을 failFast로 강제(서버가 2대 이상이면 로컬 락을 fallback으로 쓰지 않음)',
  },
  term: 'short',
  judgedBy: 'damage',
  runs: ({ drill }) => ({ after: reference(drill, { fallback: 'failFast' }) }),
}
