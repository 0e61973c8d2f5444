import type { Facts } from '../facts.ts'
import type { Outcome } from '../outcome.ts'
import type { Evidence, Moment } from '../record.ts'
import type { Lang } from './lang.ts'

/** All that a post-mortem says by itself, in one language. What it is given was told or measured; it adds no facts. */
export interface Words {
  lang: Lang
  unknown: string
  title(name: string): string
  /** Where the figures come from. */
  preface(of: { seed: number; startedAt: string; lock: string; topology: string; redis: string }): string
  headings: Record<
    | 'summary'
    | 'cause'
    | 'timeline'
    | 'impact'
    | 'whys'
    | 'unnoticed'
    | 'response'
    | 'communication'
    | 'prevention'
    | 'state'
    | 'measures'
    | 'actions'
    | 'again',
    string
  >
  labels: Record<
    | 'name'
    | 'when'
    | 'status'
    | 'grade'
    | 'effect'
    | 'told'
    | 'measured'
    | 'time'
    | 'drillTime'
    | 'what'
    | 'item'
    | 'onTheDay'
    | 'inTheDrill'
    | 'why'
    | 'because'
    | 'evidence'
    | 'fallback'
    | 'ttl'
    | 'memory'
    | 'drilled'
    | 'measure'
    | 'outcome'
    | 'incident'
    | 'done'
    | 'failed'
    | 'contended'
    | 'throughput'
    | 'wait'
    | 'assumed'
    | 'notMeasured',
    string
  >
  terms: Record<'short' | 'mid' | 'long', string>
  outcomes: Record<Outcome, string>
  /** `duplicate orders`, as a row's name. */
  metric(workload: string, metric: string): string
  /** `108 duplicate orders`. */
  count(workload: string, metric: string, count: number): string
  /** `pair of holders`: who is to blame. */
  blames: Record<'lock' | 'holder' | 'topology' | 'unclear', string>
  fault(name: string): string
  fact(name: keyof Facts): string
  moment(moment: Moment, workload: string): string
  /** A drill in which nothing was damaged. */
  noDamage: string
  /** Why a drill proves less than it seems to. */
  doubts(reasons: readonly string[]): string
  overlaps(count: number, blame: string): string
  /** What became of those who asked for a lock while it was broken. */
  fates(of: Evidence['duringFaults'][number]): string
  /** From the beginning of a fault to the first time two were in. */
  firstOverlap(afterMs: number, fault: string): string
  /** Whether an alarm on errors would have seen it. */
  errorsSeen(failed: number, asked: number): string
  onlyInLedger(damage: string): string
  ttl(told: number | 'none'): string
  memory(limitMb: number): string
  drilledLock(of: { lock: string; ttlMs: number; waitMs: number; servers: number; rate: number | null }): string
  /** That a day and a drill are not of one size. */
  scale(drillMs: number): string
  leftOut(count: number): string
  actionMeasured(outcome: Outcome): string
  notHelpful(titles: string): string
  keepDrill: string
  nobodyRan: string
  /** Counter-measures of which nothing was measured, or only a part. */
  cutOff(titles: string): string
  measuresNote: string
  noLockTaken: string
  proofNote: string
}
