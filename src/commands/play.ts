import { cacheFolder } from '../../scripts/home.mjs'
import type { Books } from '../ledger/ledger.ts'
import { imageOf } from '../runtimes/images.ts'
import { inParallel } from '../lib/in-parallel.ts'
import type { Plan } from '../plan/scenario.ts'
import type { Report } from '../reporters/report.ts'
import { plural } from '../reporters/text.ts'
import { workloads, type WorkloadKind } from '../workloads/index.ts'
import { drillInProcess } from './drill-process.ts'
import type { Drill } from './drills.ts'
import { oneDrill } from './one-drill.ts'
import { amongOthers, type ProgressLine } from './progress.ts'

export interface PlayContext {
  /** The folder for the reports; made before anything starts. */
  out: string
  cwd: string
  /** Drills that run side by side. */
  jobs: number
  progress: ProgressLine
  /** Aborted: the drills that run end in order, and no further one begins. */
  signal: AbortSignal
}

export interface Played {
  /** Of the selftest nobody wants the newest. */
  as: 'control' | 'lock under test' | 'selftest'
  report: Report
  /** Where it lies, as the user would type it. */
  folder: string
  /** Of its drill among those that were asked for. */
  index: number
}

/**
 * Runs drills, each behind its control, and hands over each report when it is judged and written. They share one ledger, and a
 * control is run once for all locks of its scenario, topology and seed. What fails ends the run; what was handed over stands.
 */
export async function playDrills(
  drills: readonly Drill[],
  context: PlayContext,
  done: (played: Played) => void,
): Promise<void> {
  const { progress, jobs } = context
  await using stage = new Stage(context, drills.length)
  const controls = new Map<string, Promise<Report>>()
  const controlOf = async (plan: Plan, index: number) => {
    const played = await stage.drill(plan, 'control', index)
    done(played)
    return played.report
  }
  const play = async ({ plan, control }: Drill, index: number) => {
    const { signal } = context
    if (signal.aborted) return
    const key = control && JSON.stringify(control)
    if (key && !controls.has(key)) controls.set(key, controlOf(control, index))
    const controlled = key === undefined ? undefined : await controls.get(key)
    if (!signal.aborted) done(await stage.drill(plan, 'lock under test', index, controlled))
  }
  let under = 0
  let over = 0
  const tell = () =>
    jobs > 1 && progress.status(`${over} of ${plural(drills.length, 'drill')} over, ${under} under way`)
  const numbered = drills.map((drill, index) => async () => {
    under++
    tell()
    await play(drill, index)
    under--
    over++
    tell()
  })
  for await (const _ of inParallel(numbered, jobs, (run) => run()));
}

/** Where drills are run: it holds what they share. */
export class Stage implements AsyncDisposable {
  readonly #context: PlayContext
  readonly #count: number
  readonly #resources = new AsyncDisposableStack()
  #ledger: Promise<Books> | undefined

  /** @param count of drills, for their headings */
  constructor(context: PlayContext, count = 1) {
    this.#context = context
    this.#count = count
  }

  async drill(plan: Plan, as: Played['as'], index: number, control?: Report): Promise<Played> {
    const { out, cwd, signal, jobs } = this.#context
    const place = this.#count > 1 ? [`${index + 1} of ${this.#count}`] : []
    const title = [...place, plan.name, plan.topology.kind, plan.lock.name, `seed ${plan.seed}`, as].join(' · ')
    const progress = jobs > 1 && as !== 'selftest' ? amongOthers(this.#context.progress, title) : this.#context.progress
    progress.title(title)
    const ledger = workloads[plan.workload.kind as WorkloadKind].ledger ? this.#openLedger(plan) : undefined
    const request = { plan, out, cwd, control, pointsLatest: as === 'lock under test' }
    const run = jobs > 1 ? drillInProcess : oneDrill
    return { as, index, ...(await run(request, { ledger, signal, progress })) }
  }

  /** On first need: most of its start is beside the start of the nodes. */
  #openLedger({ runtime, images, attach, topology }: Plan): Promise<Books> {
    if (this.#ledger) return this.#ledger
    const log = this.#context.progress.say
    this.#ledger = (async () => {
      // Loaded on need: a run of `mutex` drills does without Postgres.
      if (runtime === 'docker') {
        const { openContainerLedger } = await import('../ledger/container.ts')
        return this.#resources.use(await openContainerLedger({ image: imageOf('postgres', images), log }))
      }
      if (runtime === 'attach') {
        const { stackOf } = await import('../runtimes/attach/stack.ts')
        const { ledger } = await stackOf(attach ?? {}, topology.kind)
        const { openStandingLedger } = await import('../ledger/standing.ts')
        if (ledger !== undefined) return this.#resources.use(await openStandingLedger(ledger))
      }
      const { openLedger } = await import('../ledger/postgres.ts')
      return this.#resources.use(await openLedger({ cacheFolder: cacheFolder(), log }))
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
