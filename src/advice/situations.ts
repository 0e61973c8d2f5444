import type { WrittenScenario } from '../plan/scenario.ts'

/** What happens while it is measured. */
export interface Situation {
  title: string
  /** Also in a quick run. */
  quick: boolean
  faults: NonNullable<WrittenScenario['faults']>
  /** How long the work takes, where it has to outlast something; default: 4 to 12 ms. */
  workMs?: { min: number; max: number }
}

export const situations = {
  calm: { title: 'a day without faults', quick: true, faults: [] },
  outage: {
    title: 'a Redis node dies and is back after 2 s, with its data',
    quick: true,
    faults: [{ fault: 'kill', target: 'primary', at: '800ms', for: '2s' }],
  },
  forgets: {
    title: 'a Redis node restarts within 300 ms, empty, while works of 200 to 600 ms are under way',
    quick: false,
    faults: [{ fault: 'kill', target: 'primary', keepData: false, at: '1s', for: '300ms' }],
    workMs: { min: 200, max: 600 },
  },
  pause: {
    title: 'a server stands still for longer than its leases',
    quick: false,
    faults: [{ fault: 'stop-process', target: 'server-1', at: '1s', for: '1800ms' }],
  },
} as const satisfies Record<string, Situation>

export type SituationName = keyof typeof situations
