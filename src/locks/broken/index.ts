import type { BrokenLock } from '../registry.ts'

/** The corpus: each wrong in a way that was seen in the field, and caught by the drill that it names (`picklock selftest`). */
export const broken = {
  naive: {
    title: 'broken: GET, then SET; the classic',
    caughtBy: { scenario: 'oversell', metric: 'overlaps' },
    load: () => import('./naive.ts'),
  },
  'local-on-error': {
    title: 'broken: falls back to a lock inside the process when Redis fails',
    caughtBy: { scenario: 'primary-kill', metric: 'overlaps' },
    load: () => import('./local-on-error.ts'),
  },
  'timeout-deletes': {
    title: 'broken: after a timeout it deletes whatever lease is there',
    caughtBy: { scenario: 'slow-network', metric: 'overlaps' },
    load: () => import('./timeout-deletes.ts'),
  },
  'absent-agrees': {
    title: 'broken: a quorum that counts unreachable nodes as votes',
    caughtBy: { scenario: 'quorum-node-down', metric: 'overlaps' },
    load: () => import('./absent-agrees.ts'),
  },
} satisfies Record<string, BrokenLock>
