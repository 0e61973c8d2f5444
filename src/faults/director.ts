import { setTimeout as sleep } from 'node:timers/promises'
import type { FaultEvent } from '../history/event.ts'
import { within } from '../lib/within.ts'
import type { PlannedFault } from '../plan/scenario.ts'
import type { Fault, Injection, Stage, Target } from './fault.ts'
import { faults, type FaultName } from './index.ts'

/** What the director needs of the drill. Times are ns since the drill's start. */
export interface Direction {
  planned: readonly PlannedFault[]
  now(): number
  /** When the load began. */
  loadStartNs: number
  /** Resolves once the servers' total of `acquired`, `extending` or `releasing` reached `after`; rejects when the signal aborts. */
  reached(what: 'acquired' | 'extending' | 'releasing', after: number, signal: AbortSignal): Promise<void>
  /** The scenario's word for a target, as it stands at this moment. */
  resolve(target: string): Promise<Target>
  record(event: Omit<FaultEvent, 't' | 'process' | 'f'>): void
  stage: Omit<Stage, 'forMs' | 'now'>
  /** For the console. */
  announce(text: string): void
}

/**
 * Who is still injecting when the drill is over has so long to end, and every heal has so long. No member needs it: each of its questions has a
 * limit of its own, and these keep one that was forgotten from holding up the verdict.
 */
const lateInjectionMs = 20_000
const healMs = 60_000

/**
 * Injects the planned faults at their moments and heals each when its time is up or the drill is over, whichever comes first, and on
 * every failure. Resolves when all are healed. Nothing is thrown for a fault that does not land: the record says so, and the verdict
 * follows from the record.
 */
export async function direct(direction: Direction): Promise<void> {
  const { planned } = direction
  const over = planned.map(() => Promise.withResolvers<void>())
  await Promise.all(
    planned.map((fault, index) => {
      const before = over.filter((_, other) => isOverBy(planned[other]!, fault)).map(({ promise }) => promise)
      return play(fault, index + 1, Promise.all(before), direction).finally(over[index]!.resolve)
    }),
  )
}

/** By the plan. */
const isOverBy = (first: PlannedFault, next: PlannedFault): boolean =>
  first.atMs !== undefined && next.atMs !== undefined && first.atMs + first.forMs <= next.atMs

/** @param before what the plan has over by then; where a busy machine has it land late, the next one waits for its heal */
async function play(planned: PlannedFault, op: number, before: Promise<unknown>, direction: Direction): Promise<void> {
  const { stage, record, now } = direction
  const common = { op, fault: planned.fault, target: planned.target }
  const plannedNs = planned.atMs === undefined ? undefined : direction.loadStartNs + planned.atMs * 1e6
  try {
    if (planned.when !== undefined) await direction.reached(planned.when, planned.after ?? 1, stage.signal)
    else {
      await sleep(Math.max(0, (plannedNs! - now()) / 1e6), undefined, { signal: stage.signal })
      await before
      stage.signal.throwIfAborted()
    }
  } catch {
    const error = planned.when
      ? `its moment never came: ${planned.when} ${planned.after ?? 1} times`
      : 'the drill ended before its time'
    direction.announce(`${planned.fault} ${planned.target}: did not land: ${error}`)
    return record({ ...common, type: 'fail', stage: 'missed', error, ...(plannedNs !== undefined && { plannedNs }) })
  }

  let injection: Injection
  let target = planned.target
  try {
    const resolved = await direction.resolve(planned.target)
    target = resolved.label
    record({ ...common, target, type: 'invoke', stage: 'inject', plannedNs: plannedNs ?? now() })
    // The member's own schema checked the parameters when the plan was made.
    const fault: Fault = faults[planned.fault as FaultName]
    injection = await unlessLate(
      fault.inject(resolved, planned.parameters, { ...stage, now, forMs: planned.forMs }),
      stage.signal,
    )
  } catch (error) {
    direction.announce(`${planned.fault} ${target}: did not land: ${(error as Error).message}`)
    return record({ ...common, target, type: 'fail', stage: 'missed', error: (error as Error).message })
  }
  record({
    ...common,
    target,
    type: injection.landed ? 'ok' : 'fail',
    stage: injection.landed ? 'landed' : 'missed',
    proof: injection.proof,
    ...(injection.feltNs !== undefined && { feltNs: injection.feltNs }),
  })
  direction.announce(`${planned.fault} ${target}: ${injection.landed ? 'landed' : 'did NOT land'} (${injection.proof})`)

  await sleep(planned.forMs, undefined, { signal: stage.signal }).catch(() => undefined)
  try {
    await within(healMs, 'the heal', injection.heal())
    record({ ...common, target, type: 'ok', stage: 'healed' })
    direction.announce(`${planned.fault} ${target}: healed`)
  } catch (error) {
    record({ ...common, target, type: 'fail', stage: 'healed', error: (error as Error).message })
    direction.announce(`${planned.fault} ${target}: could not be healed: ${(error as Error).message}`)
  }
}

/** Rejects where the drill is over and the injection does not end; what lands after that is healed by itself. */
async function unlessLate(injecting: Promise<Injection>, over: AbortSignal): Promise<Injection> {
  const late = Promise.withResolvers<never>()
  let timer: NodeJS.Timeout | undefined
  const drillIsOver = () => {
    timer = setTimeout(() => {
      late.reject(new Error(`it had not ended ${lateInjectionMs / 1000} s after the drill was over`))
      injecting.then(({ heal }) => heal()).catch(() => {})
    }, lateInjectionMs)
  }
  over.addEventListener('abort', drillIsOver, { once: true })
  if (over.aborted) drillIsOver()
  try {
    return await Promise.race([injecting, late.promise])
  } finally {
    over.removeEventListener('abort', drillIsOver)
    clearTimeout(timer)
  }
}
