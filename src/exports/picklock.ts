/**
 * What `import type … from 'picklock'` gives: the contract of a lock, and the forms of what goes in and comes out. There is nothing to
 * run in it, and a lock needs no import at all.
 */
export type { Address, Endpoints, Grant, Lock, LockEnv, OpenLock, TopologyKind } from '../locks/lock.ts'
export type { Plan, PlannedFault, WrittenScenario as Scenario } from '../plan/scenario.ts'
export type { Report, Verdict } from '../reporters/report.ts'
