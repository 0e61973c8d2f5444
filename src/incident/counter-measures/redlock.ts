import { onRedlock } from '../../variants/on-redlock.ts'
import { kindOf, reference, type CounterMeasure } from './counter-measure.ts'

export const redlock: CounterMeasure = {
  name: 'redlock',
  title: { en: 'Redlock: three independent nodes', ko: 'Redlock: 독립 노드 3대' },
  change: {
    en: 'The same faults strike one of three independent nodes, and a majority has to agree (reference on redlock).',
    ko: '독립 노드 3대 중 1대에 동일한 장애를 주입하고 과반수 동의로 락을 획득함(reference, redlock).',
  },
  action: {
    en: 'Weigh three independent nodes (Redlock) for what must go on selling while a node is away.',
    ko: '노드 장애 중에도 판매가 계속되어야 하는 도메인은 독립 노드 3대(Redlock) 도입 검토',
  },
  term: 'long',
  judgedBy: 'damage',
  runs({ drill }) {
    if (kindOf(drill.scenario) === 'redlock') return undefined
    const { topologies: _, ...scenario } = drill.scenario
    const faults = (scenario.faults ?? []).map(onRedlock)
    return { after: reference({ ...drill, scenario: { ...scenario, topology: 'redlock', faults } }, {}) }
  },
}
