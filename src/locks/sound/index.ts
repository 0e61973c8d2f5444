import type { SoundLock } from '../registry.ts'

/** Right locks of different makes: what a drill says against one of them, in a scenario that it claims to survive, is a false alarm. */
export const sound = {
  polling: {
    title: 'sound: SET NX PX with a token, polled, honest about time and errors',
    survives: ['oversell', 'double-click', 'slow-network', 'primary-kill'],
    load: () => import('./polling.ts'),
  },
  announced: {
    title: 'sound: waiters are woken by pub/sub, and ask themselves where no message comes',
    survives: ['oversell', 'double-click', 'slow-network', 'primary-kill'],
    load: () => import('./announced.ts'),
  },
  optimistic: {
    title: 'sound: WATCH and MULTI instead of scripts',
    survives: ['oversell', 'double-click', 'slow-network', 'primary-kill'],
    load: () => import('./optimistic.ts'),
  },
  'hash-watchdog': {
    title: 'sound: a hash with PEXPIRE, renewed while it is held, as Redisson has it',
    survives: ['oversell', 'double-click', 'slow-network', 'primary-kill'],
    load: () => import('./hash-watchdog.ts'),
  },
  fair: {
    title: 'sound: first come, first served, with a line on Redis that passes over the dead',
    survives: ['oversell', 'double-click', 'slow-network', 'primary-kill'],
    load: () => import('./fair.ts'),
  },
  fenced: {
    title: 'sound: each grant with a fence, counted in the script that takes the lock',
    survives: ['oversell', 'double-click', 'slow-network'],
    load: () => import('./fenced.ts'),
  },
  replicated: {
    title: 'sound: a Sentinel lock that counts only once a replica has it (WAIT)',
    survives: ['oversell', 'double-click'],
    load: () => import('./replicated.ts'),
  },
  quorum: {
    title: 'sound: Redlock by the published algorithm',
    survives: ['oversell', 'double-click', 'quorum-node-down'],
    load: () => import('./quorum.ts'),
  },
} satisfies Record<string, SoundLock>
