import type { LatencySummary } from '../reporters/report.ts'

/** Durations on their way to percentiles: eight bytes a sample, a million of them sort in a tenth of a second. */
export class Samples {
  #ms: Float64Array
  #size = 0

  /** @param capacity how many are expected */
  constructor(capacity = 1024) {
    this.#ms = new Float64Array(capacity)
  }

  addNs(ns: number): void {
    this.addMs(ns / 1e6)
  }

  addMs(ms: number): void {
    if (this.#size === this.#ms.length) {
      const larger = new Float64Array(Math.max(1024, this.#size * 2))
      larger.set(this.#ms)
      this.#ms = larger
    }
    this.#ms[this.#size++] = ms
  }

  /** All of the other's, too. */
  add(other: Samples): void {
    for (let i = 0; i < other.#size; i++) this.addMs(other.#ms[i]!)
  }

  /** In ms, ascending. They are put in order where they are, and are the caller's to look at only until the next one is added. */
  sortedMs(): Float64Array {
    return this.#ms.subarray(0, this.#size).sort()
  }
}

/** `{}` where there is nothing to sum up. */
export function summarize(sortedMs: Float64Array): LatencySummary | Record<string, never> {
  const count = sortedMs.length
  if (count === 0) return {}
  let sum = 0
  for (let i = 0; i < count; i++) sum += sortedMs[i]!
  const [p50, p90, p95, p99] = [50, 90, 95, 99].map((p) => percentile(sortedMs, p)) as [number, number, number, number]
  return { count, mean: sum / count, p50, p90, p95, p99, max: sortedMs[count - 1]! }
}

/**
 * Nearest rank: the smallest sample that at least `p` percent of the samples do not exceed, so always one that was measured. (k6
 * interpolates between two of them.) NaN of no samples.
 */
export function percentile(sortedMs: Float64Array, p: number): number {
  if (sortedMs.length === 0) return NaN
  // 99.9 % of 1000 is 999.0000000000001 in floating point, and its ceiling would be one rank too far.
  const rank = Math.ceil(Number(((p * sortedMs.length) / 100).toFixed(9)))
  return sortedMs[Math.min(sortedMs.length, Math.max(1, rank)) - 1]!
}
