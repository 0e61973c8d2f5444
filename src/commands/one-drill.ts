import { runDrill, type DrillProgress } from '../drill.ts'
import { caught, judge } from '../judge.ts'
import type { Books } from '../ledger/ledger.ts'
import { commitOf } from '../lib/commit.ts'
import { EnvironmentError } from '../lib/failure.ts'
import type { Plan } from '../plan/scenario.ts'
import { openReportFolder } from '../reporters/folder.ts'
import type { Report } from '../reporters/report.ts'

/** A drill from its plan to its written report. What is asked for is plain data, so that it can be done in another process. */
export interface DrillRequest {
  plan: Plan
  /** The folder for the reports. */
  out: string
  cwd: string
  /** How its control came out, where it has one. */
  control: Report | undefined
  /** Whether `latest` shall be this one. */
  pointsLatest: boolean
}

export interface DrillDone {
  report: Report
  /** Where it lies, as the user would type it. */
  folder: string
}

/** As many as a sentence can carry. */
const reasonsMax = 3

export async function oneDrill(
  { plan, out, cwd, control, pointsLatest }: DrillRequest,
  { ledger, signal, progress }: { ledger: Promise<Books> | undefined; signal: AbortSignal; progress: DrillProgress },
): Promise<DrillDone> {
  const folder = await openReportFolder(out, plan, new Date())
  const commit = await commitOf(cwd)
  progress.detail(`the report's folder: ${folder.path}`)
  const record = { ...(await runDrill(plan, { folder: folder.path, ledger, cwd, signal, progress })), commit }
  progress.phase('judging')
  const outcome = control && caught(control)
  const report = judge(record, outcome)
  await folder.write({ report, record, control: outcome }).catch((error: unknown) => {
    if (!(error instanceof EnvironmentError)) throw error
    const why = report.unknownBecause.slice(0, reasonsMax).join('; ')
    throw new EnvironmentError(`${error.message}. The drill came out ${report.verdict}${why && `: ${why}`}`)
  })
  if (pointsLatest) await folder.pointLatest()
  return { report, folder: folder.path }
}
