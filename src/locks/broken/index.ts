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
  'pipeline-undefined': {
    title: 'broken: takes a refused command in a pipeline for a grant',
    caughtBy: { scenario: 'oom', metric: 'overlaps' },
    load: () => import('./pipeline-undefined.ts'),
  },
  'extend-by-set': {
    title: 'broken: extends with a SET, and keeps quiet when there is no memory for it',
    caughtBy: { scenario: 'oom', metric: 'overclaims' },
    load: () => import('./extend-by-set.ts'),
  },
  'makes-room': {
    title: 'broken: deletes leases that look stale when memory is short',
    caughtBy: { scenario: 'oom', metric: 'overlaps' },
    load: () => import('./makes-room.ts'),
  },
  'refusal-is-grant': {
    title: 'broken: lets everybody in while Redis takes no writes',
    caughtBy: { scenario: 'misconf', metric: 'overlaps' },
    load: () => import('./refusal-is-grant.ts'),
  },
  'count-stays-up': {
    title: 'broken: a reentrant count that a failed release leaves up',
    caughtBy: { scenario: 'misconf', metric: 'overlaps' },
    load: () => import('./count-stays-up.ts'),
  },
  'watchdog-outlives-release': {
    title: 'broken: a failed release leaves its watchdog running',
    caughtBy: { scenario: 'misconf', metric: 'leaked_keys' },
    load: () => import('./watchdog-outlives-release.ts'),
  },
  'trusts-its-clock': {
    title: 'broken: deletes without comparing while its own clock says that it holds',
    caughtBy: { scenario: 'eviction', metric: 'overlaps' },
    load: () => import('./trusts-its-clock.ts'),
  },
  'extend-overwrites': {
    title: 'broken: extends with SET XX, whoever holds the key',
    caughtBy: { scenario: 'eviction', metric: 'overlaps' },
    load: () => import('./extend-overwrites.ts'),
  },
  'lease-cache': {
    title: 'broken: grants from a lease that it kept, without asking',
    caughtBy: { scenario: 'clock-jump', metric: 'overlaps' },
    load: () => import('./lease-cache.ts'),
  },
  'no-ttl': {
    title: 'broken: keys without a time to live',
    caughtBy: { scenario: 'ttl-leak', metric: 'leaked_keys' },
    load: () => import('./no-ttl.ts'),
  },
  'setnx-then-expire': {
    title: 'broken: SETNX and PEXPIRE as two commands',
    caughtBy: { scenario: 'ttl-leak', metric: 'leaked_keys' },
    load: () => import('./setnx-then-expire.ts'),
  },
  'lease-in-seconds': {
    title: 'broken: a lease a thousand times as long',
    caughtBy: { scenario: 'ttl-leak', metric: 'leaked_keys' },
    load: () => import('./lease-in-seconds.ts'),
  },
  'whole-seconds': {
    title: 'broken: rounds the lease down to seconds and claims all of it',
    caughtBy: { scenario: 'ttl-leak', metric: 'overclaims' },
    load: () => import('./whole-seconds.ts'),
  },
  'unlock-writes-free': {
    title: 'broken: a release that leaves a key for ever',
    caughtBy: { scenario: 'ttl-leak', metric: 'leaked_keys' },
    load: () => import('./unlock-writes-free.ts'),
  },
  'hash-of-locks': {
    title: 'broken: all locks in one hash that never ends',
    caughtBy: { scenario: 'ttl-leak', metric: 'leaked_keys' },
    load: () => import('./hash-of-locks.ts'),
  },
  'fence-per-acquire': {
    title: 'broken: leaves a fence key for each grant',
    caughtBy: { scenario: 'ttl-leak', metric: 'leaked_keys' },
    load: () => import('./fence-per-acquire.ts'),
  },
  'timestamp-in-value': {
    title: 'broken: the lease stands in the value, and the key never ends',
    caughtBy: { scenario: 'ttl-leak', metric: 'leaked_keys' },
    load: () => import('./timestamp-in-value.ts'),
  },
  'extend-persists': {
    title: 'broken: an extension takes the time to live away',
    caughtBy: { scenario: 'ttl-leak', metric: 'leaked_keys' },
    load: () => import('./extend-persists.ts'),
  },
  'half-is-enough': {
    title: 'broken: a quorum of floor(n / 2)',
    caughtBy: { scenario: 'asymmetric-partition', metric: 'overlaps' },
    load: () => import('./half-is-enough.ts'),
  },
  'quorum-of-answers': {
    title: 'broken: a majority of the nodes that answered',
    caughtBy: { scenario: 'majority-down', metric: 'overlaps' },
    load: () => import('./quorum-of-answers.ts'),
  },
  'first-node-leads': {
    title: 'broken: the first node that answers decides for all',
    caughtBy: { scenario: 'asymmetric-partition', metric: 'overlaps' },
    load: () => import('./first-node-leads.ts'),
  },
  'extend-any-node': {
    title: 'broken: one node is enough to extend',
    caughtBy: { scenario: 'asymmetric-partition', metric: 'overlaps' },
    load: () => import('./extend-any-node.ts'),
  },
  'late-majority': {
    title: 'broken: counts votes and not the time that they took',
    caughtBy: { scenario: 'asymmetric-partition', metric: 'overlaps' },
    load: () => import('./late-majority.ts'),
  },
  'votes-add-up': {
    title: 'broken: keeps the votes of rounds that it lost',
    caughtBy: { scenario: 'split-vote', metric: 'overlaps' },
    load: () => import('./votes-add-up.ts'),
  },
  'counts-from-last-vote': {
    title: 'broken: counts its lease from the last answer',
    caughtBy: { scenario: 'split-vote', metric: 'overclaims' },
    load: () => import('./counts-from-last-vote.ts'),
  },
  'grants-on-first-vote': {
    title: 'broken: begins at the first vote and counts the others later',
    caughtBy: { scenario: 'split-vote', metric: 'overlaps' },
    load: () => import('./grants-on-first-vote.ts'),
  },
  'undo-frees-others': {
    title: 'broken: takes back a lost round by DEL on all nodes',
    caughtBy: { scenario: 'split-vote', metric: 'overlaps' },
    load: () => import('./undo-frees-others.ts'),
  },
  'looks-then-sets': {
    title: 'broken: a quorum that asks, and then takes',
    caughtBy: { scenario: 'split-vote', metric: 'overlaps' },
    load: () => import('./looks-then-sets.ts'),
  },
  'bare-majority': {
    title: 'broken: stops asking at two of three',
    caughtBy: { scenario: 'quorum-restart', metric: 'overlaps' },
    load: () => import('./bare-majority.ts'),
  },
  'pcall-grants': {
    title: 'broken: writes by pcall and does not look at the refusal',
    caughtBy: { scenario: 'failover-readonly', metric: 'overlaps' },
    load: () => import('./pcall-grants.ts'),
  },
  'wait-ignored': {
    title: 'broken: sends WAIT and does not read the number',
    caughtBy: { scenario: 'replication-lag', metric: 'overlaps' },
    load: () => import('./wait-ignored.ts'),
  },
  'wait-skipped': {
    title: 'broken: waits for no replica where none is connected',
    caughtBy: { scenario: 'replication-lag', metric: 'overlaps' },
    load: () => import('./wait-skipped.ts'),
  },
  'fence-by-counter': {
    title: 'broken: fences from a counter beside the lock',
    caughtBy: { scenario: 'replication-lag', metric: 'fence_violations' },
    load: () => import('./fence-by-counter.ts'),
  },
  'stays-with-old-primary': {
    title: 'broken: asks Sentinel once and stays with the answer',
    caughtBy: { scenario: 'split-brain', metric: 'overlaps' },
    load: () => import('./stays-with-old-primary.ts'),
  },
  'any-primary': {
    title: 'broken: takes for the primary whoever says so',
    caughtBy: { scenario: 'rejoin', metric: 'overlaps' },
    load: () => import('./any-primary.ts'),
  },
  'cleans-up-on-connect': {
    title: 'broken: deletes its own leases whenever it connects',
    caughtBy: { scenario: 'client-kill', metric: 'overlaps' },
    load: () => import('./cleans-up-on-connect.ts'),
  },
  'local-on-oom': {
    title: 'broken: a lock inside each process where Redis says OOM (orElseLocalLock)',
    caughtBy: { scenario: 'incident-2025-06-05', metric: 'overlaps' },
    load: () => import('./local-on-oom.ts'),
  },
  'breaker-proceeds': {
    title: 'broken: an open circuit breaker lets everybody in',
    caughtBy: { scenario: 'breaker', metric: 'overlaps' },
    load: () => import('./breaker-proceeds.ts'),
  },
  'one-server-fallback': {
    title: 'broken: in an outage one server alone sells, without waiting for the leases of the others',
    caughtBy: { scenario: 'outage-fallback', metric: 'overlaps' },
    load: () => import('./one-server-fallback.ts'),
  },
  'recent-holder': {
    title: 'broken: in an outage it grants what it held a moment ago',
    caughtBy: { scenario: 'outage-fallback', metric: 'overlaps' },
    load: () => import('./recent-holder.ts'),
  },
  'releases-later': {
    title: 'broken: makes good a failed release after the outage, by DEL',
    caughtBy: { scenario: 'outage-fallback', metric: 'overlaps' },
    load: () => import('./releases-later.ts'),
  },
  'ejects-hosts': {
    title: 'broken: a ring of nodes with the next one as the fallback',
    caughtBy: { scenario: 'quorum-node-down', metric: 'overlaps' },
    load: () => import('./ejects-hosts.ts'),
  },
  'time-window': {
    title: 'broken: a new key for every time window',
    caughtBy: { scenario: 'points', metric: 'overlaps' },
    load: () => import('./time-window.ts'),
  },
  'scoped-away': {
    title: 'broken: releases when its helper returns, not when the work is done',
    caughtBy: { scenario: 'oversell', metric: 'overlaps' },
    load: () => import('./scoped-away.ts'),
  },
  'shared-promise': {
    title: 'broken: callers of one process share one grant',
    caughtBy: { scenario: 'points', metric: 'overlaps' },
    load: () => import('./shared-promise.ts'),
  },
  'evicting-queue': {
    title: 'broken: a fair queue that takes a long wait for a dead holder',
    caughtBy: { scenario: 'coupon-stampede', metric: 'overlaps' },
    load: () => import('./evicting-queue.ts'),
  },
  'deletes-unasked': {
    title: 'broken: releases with a DEL that does not ask whose lease it is',
    caughtBy: { scenario: 'gc-pause', metric: 'overlaps' },
    load: () => import('./deletes-unasked.ts'),
  },
  'extends-anybody': {
    title: 'broken: extends by PEXPIRE, whoever holds the key',
    caughtBy: { scenario: 'gc-pause', metric: 'overlaps' },
    load: () => import('./extends-anybody.ts'),
  },
  'extend-says-yes': {
    title: 'broken: takes a refused extension for one that worked',
    caughtBy: { scenario: 'gc-pause', metric: 'overlaps' },
    load: () => import('./extend-says-yes.ts'),
  },
  'heartbeat-steals': {
    title: 'broken: takes over from a server whose heartbeat is late',
    caughtBy: { scenario: 'gc-pause', metric: 'overlaps' },
    load: () => import('./heartbeat-steals.ts'),
  },
  'host-token': {
    title: "broken: its token is the server's name",
    caughtBy: { scenario: 'eviction', metric: 'overlaps' },
    load: () => import('./host-token.ts'),
  },
  'forgets-its-try': {
    title: 'broken: gives up waiting and forgets the request that is on its way',
    caughtBy: { scenario: 'event-loop-block', metric: 'leaked_keys' },
    load: () => import('./forgets-its-try.ts'),
  },
  'claims-from-reply': {
    title: 'broken: counts its validity from the reply',
    caughtBy: { scenario: 'event-loop-block', metric: 'overclaims' },
    load: () => import('./claims-from-reply.ts'),
  },
  'clears-on-boot': {
    title: 'broken: deletes all locks when it starts',
    caughtBy: { scenario: 'crash-holder', metric: 'overlaps' },
    load: () => import('./clears-on-boot.ts'),
  },
  'watchdog-gives-up': {
    title: 'broken: its watchdog dies of one failed renewal',
    caughtBy: { scenario: 'long-work', metric: 'overlaps' },
    load: () => import('./watchdog-gives-up.ts'),
  },
  'watchdog-too-late': {
    title: 'broken: its watchdog renews when the lease is over',
    caughtBy: { scenario: 'long-work', metric: 'overlaps' },
    load: () => import('./watchdog-too-late.ts'),
  },
  'extends-in-seconds': {
    title: 'broken: extends in whole seconds, rounded down',
    caughtBy: { scenario: 'long-work', metric: 'overclaims' },
    load: () => import('./extends-in-seconds.ts'),
  },
  'additive-extend': {
    title: 'broken: an extension adds to what is left of the lease',
    caughtBy: { scenario: 'ttl-leak', metric: 'leaked_keys' },
    load: () => import('./additive-extend.ts'),
  },
  'reentrant-by-server': {
    title: 'broken: lets in whoever comes from the same server',
    caughtBy: { scenario: 'oversell', metric: 'overlaps' },
    load: () => import('./reentrant-by-server.ts'),
  },
  'hands-over-too-early': {
    title: 'broken: hands a lease on that it is deleting',
    caughtBy: { scenario: 'oversell', metric: 'overlaps' },
    load: () => import('./hands-over-too-early.ts'),
  },
  'no-validity-check': {
    title: 'broken: hands out a lease that was over before its answer came',
    caughtBy: { scenario: 'slow-reply', metric: 'overlaps' },
    load: () => import('./no-validity-check.ts'),
  },
  'confirms-late': {
    title: 'broken: asks again after a timeout and counts the lease from there',
    caughtBy: { scenario: 'slow-reply', metric: 'overclaims' },
    load: () => import('./confirms-late.ts'),
  },
  'shifted-replies': {
    title: "broken: a timed-out request's reply goes to the next one",
    caughtBy: { scenario: 'slow-reply', metric: 'overlaps' },
    load: () => import('./shifted-replies.ts'),
  },
  'nil-is-mine': {
    title: 'broken: a refusal after a broken connection must be its own key',
    caughtBy: { scenario: 'lost-reply', metric: 'overlaps' },
    load: () => import('./nil-is-mine.ts'),
  },
  'two-permits': {
    title: 'broken: a semaphore whose permit is given back twice',
    caughtBy: { scenario: 'lost-reply', metric: 'overlaps' },
    load: () => import('./two-permits.ts'),
  },
  'compares-then-deletes': {
    title: 'broken: GET, then DEL, in two round trips',
    caughtBy: { scenario: 'slow-reply', metric: 'foreign_releases' },
    load: () => import('./compares-then-deletes.ts'),
  },
  'counts-up': {
    title: 'broken: INCR and DECR, sent again',
    caughtBy: { scenario: 'flapping-link', metric: 'overlaps' },
    load: () => import('./counts-up.ts'),
  },
  'forgets-the-error': {
    title: 'broken: a promise that never settles when the connection breaks',
    caughtBy: { scenario: 'flapping-link', metric: 'unsettled' },
    load: () => import('./forgets-the-error.ts'),
  },
  'reaps-the-disconnected': {
    title: 'broken: takes a closed connection for a dead holder',
    caughtBy: { scenario: 'client-kill', metric: 'overlaps' },
    load: () => import('./reaps-the-disconnected.ts'),
  },
  'wakes-on-reconnect': {
    title: 'broken: whoever is woken believes that it is his turn',
    caughtBy: { scenario: 'missed-wakeup', metric: 'overlaps' },
    load: () => import('./wakes-on-reconnect.ts'),
  },
  'waits-for-ever': {
    title: 'broken: waits for a message and for nothing else',
    caughtBy: { scenario: 'missed-wakeup', metric: 'unsettled' },
    load: () => import('./waits-for-ever.ts'),
  },
  'wakes-all': {
    title: 'broken: a release inside the process lets all its waiters in',
    caughtBy: { scenario: 'herd', metric: 'overlaps' },
    load: () => import('./wakes-all.ts'),
  },
  'silent-watchdog': {
    title: 'broken: short leases, and nobody is told that a renewal failed',
    caughtBy: { scenario: 'slow-script', metric: 'overlaps' },
    load: () => import('./silent-watchdog.ts'),
  },
  'null-object': {
    title: 'broken: a dummy that says OK when there is no connection',
    caughtBy: { scenario: 'max-clients', metric: 'overlaps' },
    load: () => import('./null-object.ts'),
  },
  'one-slot': {
    title: 'broken: releases what it took last, not what it is given',
    caughtBy: { scenario: 'oversell', metric: 'overlaps' },
    load: () => import('./one-slot.ts'),
  },
  'lease-from-asking': {
    title: 'broken: its lease runs from when the caller began to wait',
    caughtBy: { scenario: 'herd', metric: 'overlaps' },
    load: () => import('./lease-from-asking.ts'),
  },
  'waited-enough': {
    title: 'broken: whoever has waited in vain is let in',
    caughtBy: { scenario: 'outage-fallback', metric: 'overlaps' },
    load: () => import('./waited-enough.ts'),
  },
  'waits-for-the-dead': {
    title: 'broken: a fair line in which a dead caller stands for five minutes',
    caughtBy: { scenario: 'crash-holder', metric: 'false_contention' },
    load: () => import('./waits-for-the-dead.ts'),
  },
} satisfies Record<string, BrokenLock>
