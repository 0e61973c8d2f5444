import type { WrittenScenario } from '../plan/scenario.ts'

type Fault = NonNullable<WrittenScenario['faults']>[number]

const ofSentinel = ['failover', 'isolate-primary', 'cut-replication']

/**
 * The same fault where nodes are independent: what hits the primary hits the first of them, and what needs a replica or Sentinels becomes the loss of that
 * node for the same time.
 */
export function onRedlock(fault: Fault): Fault {
  const { target = '', at, for: lasting } = fault
  if (!ofSentinel.includes(fault.fault) && !/replica|sentinel|cluster/.test(target))
    return { ...fault, ...(target !== '' && { target: target.replace(/\bprimary\b/, 'redis-1') }) }
  return {
    fault: 'kill',
    target: 'redis-1',
    ...(at !== undefined && { at }),
    ...(lasting !== undefined && { for: lasting }),
  }
}
