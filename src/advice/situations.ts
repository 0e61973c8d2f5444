import type { WrittenScenario } from '../plan/scenario.ts'

/** What happens while it is measured. */
export interface Situation {
  title: string
  /** Also in a quick run. */
  quick: boolean
  faults: NonNullable<WrittenScenario['faults']>
}

export const situations = {
  calm: { title: 'a day without faults', quick: true, faults: [] },
  outage: {
    title: 'a Redis node dies and is back after 2 s, with its data',
    quick: true,
    faults: [{ fault: 'kill', target: 'primary', at: '800ms', for: '2s' }],
  },
  pause: {
    title: 'a server stands still for longer than its leases',
    quick: false,
    faults: [{ fault: 'stop-process', target: 'server-1', at: '1s', for: '1800ms' }],
  },
} as const satisfies Record<string, Situation>

export type SituationName = keyof typeof situations
