import type { SoundLock } from '../registry.ts'

/** What no lock of whatever make may fail in, on any topology. */
const anywhere = [
  'oversell',
  'double-click',
  'points',
  'coupon-stampede',
  'herd',
  'crash-holder',
  'gc-pause',
  'long-work',
] as const
/** Slow, broken and refused connections: nothing on the node is lost. */
const links = [
  'slow-network',
  'slow-reply',
  'lost-reply',
  'flapping-link',
  'client-kill',
  'missed-wakeup',
  'event-loop-block',
  'max-clients',
] as const
/** One node that refuses, stands still, or is gone for a while. */
const outages = [
  'breaker',
  'oom',
  'misconf',
  'slow-script',
  'memory-death',
  'outage-fallback',
  'incident-2025-06-05',
  'ttl-leak',
] as const
/** A failover takes what was not replicated yet, which these scenarios allow for in the open. (`failover`, `rejoin` and `split-brain` may take more.) */
const switches = ['primary-kill', 'failover-readonly'] as const

/** Right locks of different makes: what a drill says against one of them, in a scenario that it claims to survive, is a false alarm. */
export const sound = {
  polling: {
    title: 'sound: SET NX PX with a token, polled, honest about time and errors',
    survives: [...anywhere, ...links, ...outages, 'eviction', 'clock-jump', ...switches],
    load: () => import('./polling.ts'),
  },
  announced: {
    title: 'sound: waiters are woken by pub/sub, and ask themselves where no message comes',
    survives: [...anywhere, ...links, ...outages, 'eviction', 'clock-jump', ...switches],
    load: () => import('./announced.ts'),
  },
  optimistic: {
    title: 'sound: WATCH and MULTI instead of scripts',
    survives: [...anywhere, ...links, ...outages, 'eviction', 'clock-jump', ...switches],
    load: () => import('./optimistic.ts'),
  },
  'hash-watchdog': {
    title: 'sound: a hash with PEXPIRE, renewed while it is held, as Redisson has it',
    survives: [...anywhere, ...links, ...outages, 'eviction', 'clock-jump', ...switches],
    load: () => import('./hash-watchdog.ts'),
  },
  fair: {
    title: 'sound: first come, first served, with a line on Redis that passes over the dead',
    survives: [...anywhere, ...links, ...outages, 'eviction', 'clock-jump', ...switches],
    load: () => import('./fair.ts'),
  },
  fenced: {
    title: 'sound: each grant with a fence, counted in the script that takes the lock',
    // Where a node comes back empty, or loses keys of its own, the counters begin anew: a fence on Redis is as durable as Redis.
    survives: [...anywhere, ...links, ...outages.filter((name) => name !== 'outage-fallback')],
    load: () => import('./fenced.ts'),
  },
  replicated: {
    title: 'sound: a Sentinel lock that counts only once a replica has it (WAIT)',
    // Without its replica it grants nothing, so that after a failover there is little to see.
    survives: [...anywhere, ...links, 'failover-readonly', 'replication-lag'],
    load: () => import('./replicated.ts'),
  },
  quorum: {
    title: 'sound: Redlock by the published algorithm',
    survives: [...anywhere, 'quorum-node-down', 'majority-down', 'split-vote', 'asymmetric-partition'],
    load: () => import('./quorum.ts'),
  },
} satisfies Record<string, SoundLock>
