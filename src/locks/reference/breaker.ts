import { circuitBreaker, CircuitState, CountBreaker, handleAll } from 'cockatiel'
import type { BreakerState } from './events.ts'

/** The defaults are those of the seeds' shop: 60 %, 30 s, 3 probes, over the last tries. */
export interface BreakerOptions {
  /** Share of failed tries, above 0 and below 1, at which it opens (0.6). */
  failureRate: number
  /** Of how many of the last tries the share is taken (20), and of how many at least (10). */
  windowTries: number
  minimumTries: number
  /** How long it stays open (30 000). */
  openForMs: number
  /** Tries that it lets through when half open (3); they decide by the same share. */
  probes: number
}

/** Goes around every try on Redis, not around extensions and releases. A try that finds the lock busy is no failure. */
export interface Breaker {
  readonly state: BreakerState
  /** Rejects with a `definite` BreakerOpenError, without calling `work`, while it is open and beyond the probes when half open. */
  execute<Result>(work: () => Promise<Result>): Promise<Result>
  onState(listener: (state: BreakerState) => void): void
}

/** Nothing was sent. */
export class BreakerOpenError extends Error {
  override name = 'BreakerOpenError'
  readonly definite = true
  constructor() {
    super('the circuit breaker is open: too many of the last tries on Redis failed')
  }
}

const names: Record<CircuitState, BreakerState> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.Open]: 'open',
  [CircuitState.HalfOpen]: 'half-open',
  // By hand only, which nobody here does.
  [CircuitState.Isolated]: 'open',
}

export function openBreaker(options: Partial<BreakerOptions> = {}): Breaker {
  const { failureRate = 0.6, windowTries = 20, minimumTries = 10, openForMs = 30_000, probes = 3 } = options
  // cockatiel opens above its threshold; "at 60 %" means from 60 % on.
  const threshold = failureRate - 1e-9
  const policy = circuitBreaker(handleAll, {
    halfOpenAfter: openForMs,
    halfOpenSampling: { calls: probes, threshold },
    breaker: new CountBreaker({
      threshold,
      size: windowTries,
      minimumNumberOfCalls: Math.min(minimumTries, windowTries),
    }),
  })
  // cockatiel lets the callers behind the probes wait for their outcome; ours have a fallback to go to.
  let probing = 0
  policy.onHalfOpen(() => (probing = 0))

  return {
    get state() {
      return names[policy.state]
    },
    async execute(work) {
      if (policy.state === CircuitState.HalfOpen && ++probing >= probes) throw new BreakerOpenError()
      let called = false
      try {
        return await policy.execute(() => {
          called = true
          return work()
        })
      } catch (error) {
        throw called ? error : new BreakerOpenError()
      }
    },
    onState: (listener) => void policy.onStateChange((state) => listener(names[state])),
  }
}
