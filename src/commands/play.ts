import { fileURLToPath } from 'node:url'
import { runDrill } from '../drill.ts'
import { judge } from '../judge.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { openReportFolder } from '../reporters/folder.ts'
import type { Plan } from '../plan/scenario.ts'
import type { Report } from '../reporters/report.ts'
import { workloads, type WorkloadKind } from '../workloads/index.ts'
import type { Drill } from './drills.ts'
import type { ProgressLine } from './progress.ts'

export interface PlayContext {
  /** The folder for the reports; made before anything starts. */
  out: string
  cwd: string
  progress: ProgressLine
  /** Aborted: the drill that runs ends in order, and no further one begins. */
  signal: AbortSignal
}

export interface Played {
  as: 'control' | 'lock under test'
  report: Report
  /** Where it lies, as the user would type it. */
  folder: string
}

/**
 * Runs drills one after another, each behind its control, and yields each when it is judged and written. They share one ledger, and a
 * control is run once for all locks of its scenario and topology. What fails ends the run; what was yielded stands.
 */
export async function* playDrills(drills: readonly Drill[], context: PlayContext): AsyncGenerator<Played> {
  await using run = new Run(context)
  const controls = new Map<string, Report>()
  for (const { plan, control } of drills) {
    const key = control && JSON.stringify(control)
    if (key && !controls.has(key)) {
      const played = await run.drill(control, 'control')
      controls.set(key, played.report)
      yield played
    }
    if (context.signal.aborted) return
    yield await run.drill(plan, 'lock under test', key === undefined ? undefined : controls.get(key))
    if (context.signal.aborted) return
  }
}

class Run implements AsyncDisposable {
  readonly #context: PlayContext
  readonly #resources = new AsyncDisposableStack()
  #ledger: Promise<Ledger> | undefined

  constructor(context: PlayContext) {
    this.#context = context
  }

  async drill(plan: Plan, as: Played['as'], control?: Report): Promise<Played> {
    const { out, cwd, progress, signal } = this.#context
    progress.title([plan.name, plan.topology.kind, plan.lock.name, `seed ${plan.seed}`, as].join(' · '))
    const folder = await openReportFolder(out, plan, new Date())
    const ledger = workloads[plan.workload.kind as WorkloadKind].ledger ? this.#openLedger() : undefined
    const record = await runDrill(plan, { folder: folder.path, ledger, cwd, signal, progress })
    const report = judge(record, control)
    await folder.write({ report, events: record.events })
    if (as !== 'control') await folder.pointLatest()
    return { as, report, folder: folder.path }
  }

  /** On first need: most of its start is beside the start of the nodes. */
  #openLedger(): Promise<Ledger> {
    if (this.#ledger) return this.#ledger
    this.#ledger = (async () => {
      // Loaded on need: a run of `mutex` drills does without Postgres.
      const { openLedger } = await import('../ledger/postgres.ts')
      return this.#resources.use(
        await openLedger({
          cacheFolder: fileURLToPath(new URL('../../.cache', import.meta.url)),
          log: this.#context.progress.say,
        }),
      )
    })()
    // Whoever awaits it sees the failure; until then it is nobody's unhandled rejection.
    this.#ledger.catch(() => {})
    return this.#ledger
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ledger?.catch(() => {})
    await this.#resources.disposeAsync()
  }
}
