import { runDrill, type DrillContext } from '../drill.ts'
import { commitOf } from '../lib/commit.ts'
import { judge } from '../judge.ts'
import { openReportFolder } from '../reporters/folder.ts'
import type { Report } from '../reporters/report.ts'
import { duelPlan, type Side, type Terms } from './plan.ts'
import { sliced, type Slice } from './slices.ts'
import type { Turn } from './timing.ts'

export type SideName = 'lock' | 'baseline'

/** A drill of each lock, judged as any drill, and what its slices measured. */
export type Duel = Record<SideName, Fought>

interface Fought {
  report: Report
  /** Where it lies, as the user would type it. */
  folder: string
  slices: Slice[]
}

export interface DuelContext extends Pick<DrillContext, 'cwd' | 'signal' | 'progress'> {
  /** The folder for the reports. */
  out: string
}

/**
 * Two drills beside each other, on nodes and with servers of their own, whose loads begin at one moment and take turns. Nothing else should
 * run meanwhile. `leads`: who has the first slice. Where one of them fails, the other is ended.
 */
export async function duel(
  sides: Record<SideName, Side>,
  leads: 'lock' | 'baseline',
  terms: Terms,
  context: DuelContext,
): Promise<Duel> {
  const both = meeting(2)
  const failed = new AbortController()
  const signal = AbortSignal.any([context.signal, failed.signal])
  const turnOf = (side: SideName): Turn => (side === leads ? 'first' : 'second')
  const fight = async (side: SideName) => {
    const plan = duelPlan(sides[side], turnOf(side), terms)
    const folder = await openReportFolder(context.out, plan, new Date())
    // Damage is counted on neither side: it would cost that one something.
    const progress = side === leads ? { ...context.progress, live: false } : quiet
    const given = { folder: folder.path, ledger: undefined, cwd: context.cwd, signal, progress, ready: both }
    try {
      return { plan, folder, record: await runDrill(plan, given) }
    } catch (error) {
      failed.abort(error)
      throw error
    }
  }
  const order = leads === 'lock' ? (['lock', 'baseline'] as const) : (['baseline', 'lock'] as const)
  const fights = Object.fromEntries(order.map((side) => [side, fight(side)])) as Record<
    SideName,
    ReturnType<typeof fight>
  >
  await Promise.allSettled(Object.values(fights))
  // The other one's end is only its consequence.
  if (failed.signal.aborted) throw failed.signal.reason

  const commit = await commitOf(context.cwd)
  // Judging takes the whole event loop: not before both are over.
  const finish = async (side: SideName) => {
    const { plan, folder, record } = await fights[side]
    const report = judge({ ...record, commit })
    await folder.write({ report, record: { ...record, commit } })
    const slices = sliced(record.events, turnOf(side), terms.timing, plan.servers)
    return { report, folder: folder.path, slices }
  }
  return { lock: await finish('lock'), baseline: await finish('baseline') }
}

const quiet: DrillContext['progress'] = { live: false, phase() {}, tick() {}, fault() {}, detail() {} }

/** Resolves for all when the last of `count` has come. */
function meeting(count: number): () => Promise<void> {
  const complete = Promise.withResolvers<void>()
  let come = 0
  return () => {
    if (++come === count) complete.resolve()
    return complete.promise
  }
}
