import { reportsIn, type Run } from './cli.ts'

/**
 * The three families of drills that must come to the same verdicts wherever the nodes live: plain contention, death by the memory limit, loss
 * of the primary. Each with two locks and with the scenario's control.
 */
const scenarios = ['oversell', 'memory-death', 'primary-kill']
export const families = [...scenarios, '--lock', 'set-nx,reference', '--with-control', '--seed', '7']

/**
 * `set-nx` holds, too: nothing here outlasts its leases, the append-only file brings its locks back, and what a failover may forget is
 * within the budget of `primary-kill`. The controls (naive, local-on-error) let two in, every time.
 */
export const familyVerdicts = [
  ['oversell', 'single', 'set-nx', 'valid', [], 'invalid'],
  ['oversell', 'single', 'reference', 'valid', [], 'invalid'],
  ['memory-death', 'single', 'set-nx', 'valid', [], 'invalid'],
  ['memory-death', 'single', 'reference', 'valid', [], 'invalid'],
  ['primary-kill', 'sentinel', 'set-nx', 'valid', [], 'invalid'],
  ['primary-kill', 'sentinel', 'reference', 'valid', [], 'invalid'],
]

export const verdictsIn = (ended: Run) =>
  reportsIn(ended).map(({ scenario, topology, lock, verdict, unknownBecause, control }) => [
    scenario,
    topology,
    lock,
    verdict,
    unknownBecause,
    control?.verdict,
  ])
