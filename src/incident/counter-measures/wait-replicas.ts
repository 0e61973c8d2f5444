import { kindOf, reference, type CounterMeasure } from './counter-measure.ts'

export const waitReplicas: CounterMeasure = {
  name: 'wait-replicas',
  title: { en: 'A grant counts once a replica has it (WAIT)', ko: '복제 확인 후 락 부여 (WAIT)' },
  change: {
    en: 'The same drill with a lock that grants only what a replica has confirmed (reference, waitReplicas 1).',
    ko: '동일한 드릴에서, 복제본 1대가 확인한 락만 부여함(reference, waitReplicas=1).',
  },
  action: {
    en: 'Let a grant count only once a replica has it.',
    ko: '락 획득 시 복제 확인(WAIT) 적용',
  },
  term: 'mid',
  judgedBy: 'damage',
  runs: ({ drill }) =>
    kindOf(drill.scenario) === 'sentinel' ? { after: reference(drill, { waitReplicas: 1 }) } : undefined,
}
