import { requestOutcomes, type RequestOutcome } from '../history/event.ts'
import { nothingYet, type Progress } from './messages.ts'

type Total = Exclude<keyof Progress, 'holding'>

/** A shop with a key for each order must not remember all of them. */
const askedMax = 10_000

/** The totals of a server process, for the controller's progress line and for GET /metrics. */
export class Tally {
  readonly totals: Record<Total, number> = { ...nothingYet }
  readonly outcomes = Object.fromEntries(requestOutcomes.map((outcome) => [outcome, 0])) as Record<
    RequestOutcome,
    number
  >
  /** Keys that the lock was asked for, the first `askedMax` of them: more than an audit ever tries (audit.ts). */
  readonly asked = new Set<string>()
  /** Errors that the lock under test threw outside of any call. */
  unhandled = 0
  /** Requests that the door refused, because the server was closing or had too many. */
  turnedAway = 0
  /** Requests that were none: another path or method, or a body that is not what this door takes. */
  misunderstood = 0
  readonly #holding = new Map<string, number>()
  #wantHolds: ((holding: string[]) => void)[] = []
  readonly #changed: () => void

  /** @param changed called after every change, so it has to be cheap */
  constructor(changed: () => void) {
    this.#changed = changed
  }

  ask(key: string): void {
    if (this.asked.size < askedMax) this.asked.add(key)
  }

  add(total: Total): void {
    this.totals[total]++
    this.#changed()
  }

  answered(outcome: RequestOutcome): void {
    this.outcomes[outcome]++
    this.totals.requests++
    if (outcome === 'indeterminate' || outcome === 'unavailable') this.totals.errors++
    this.#changed()
  }

  /** Where a lock fails, one server may believe twice to hold a key. */
  hold(key: string): void {
    this.#holding.set(key, (this.#holding.get(key) ?? 0) + 1)
    // In a turn of its own: the grant is not even handed out yet.
    if (this.#wantHolds.length > 0) setImmediate(this.#tellHolds)
  }

  /** Calls back once, at a moment at which something is held: now, or later. */
  whileHolding(act: (holding: string[]) => void): void {
    this.#wantHolds.push(act)
    this.#tellHolds()
  }

  readonly #tellHolds = () => {
    if (this.#holding.size === 0) return
    const wanted = this.#wantHolds
    this.#wantHolds = []
    for (const act of wanted) if (this.#holding.size > 0) act(this.holding)
  }

  letGo(key: string): void {
    const times = this.#holding.get(key) ?? 0
    if (times > 1) this.#holding.set(key, times - 1)
    else this.#holding.delete(key)
  }

  get holding(): string[] {
    return [...this.#holding.keys()]
  }

  progress(): Progress {
    return { ...this.totals, holding: this.holding }
  }
}

/** Reports at once after a silence, then at most every `everyMs`, and always the last state. */
export function throttled(report: () => void, everyMs: number): () => void {
  let waiting = false
  let changed = false
  const next = () => {
    waiting = changed
    if (!changed) return
    changed = false
    setTimeout(next, everyMs).unref()
    report()
  }
  return () => {
    changed = true
    if (waiting) return
    waiting = true
    // At the end of the turn, which may bring more.
    setImmediate(next)
  }
}
