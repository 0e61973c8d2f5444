import { percentile, summarize } from '../history/samples.ts'
import type { LatencySummary } from '../reporters/report.ts'

/** So many are kept as they are: 512 KB. */
const exactMax = 65_536
/** Above it, buckets whose bounds are this factor apart: a percentile is off by half a percent at most. */
const growth = 1.01
/** 1 µs to some 30 years. */
const bucketsMax = 4_200
const lowestMs = 0.001

const none = new Float64Array(0)

/** Durations in bounded memory: exact up to 65,536 of them, then in buckets of one percent. Count, mean, least and most are always exact. */
export class Spread {
  #values: Float64Array | undefined = none
  #buckets: Uint32Array | undefined
  #count = 0
  #sumMs = 0
  #minMs = Infinity
  #maxMs = -Infinity

  get count(): number {
    return this.#count
  }

  get sumMs(): number {
    return this.#sumMs
  }

  addUs(us: number): void {
    this.addMs(us / 1000)
  }

  addMs(ms: number): void {
    if (this.#values !== undefined) {
      if (this.#count === exactMax) this.#bucket()
      else {
        if (this.#count === this.#values.length) {
          const larger = new Float64Array(Math.max(8, this.#count * 4))
          larger.set(this.#values)
          this.#values = larger
        }
        this.#values[this.#count] = ms
      }
    }
    if (this.#buckets !== undefined) this.#buckets[bucketOf(ms)]!++
    this.#count++
    this.#sumMs += ms
    if (ms < this.#minMs) this.#minMs = ms
    if (ms > this.#maxMs) this.#maxMs = ms
  }

  /** All of the other's, too. */
  add(other: Spread): void {
    if (other.#values !== undefined) {
      for (let i = 0; i < other.#count; i++) this.addMs(other.#values[i]!)
      return
    }
    if (this.#values !== undefined) this.#bucket()
    other.#buckets!.forEach((count, bucket) => (this.#buckets![bucket]! += count))
    this.#count += other.#count
    this.#sumMs += other.#sumMs
    this.#minMs = Math.min(this.#minMs, other.#minMs)
    this.#maxMs = Math.max(this.#maxMs, other.#maxMs)
  }

  percentile(p: number): number {
    if (this.#values !== undefined) return percentile(this.#values.slice(0, this.#count).sort(), p)
    const rank = Math.max(1, Math.ceil((p * this.#count) / 100))
    let passed = 0
    for (let bucket = 0; bucket < bucketsMax; bucket++) {
      passed += this.#buckets![bucket]!
      if (passed >= rank) return Math.min(this.#maxMs, Math.max(this.#minMs, lowestMs * growth ** (bucket + 0.5)))
    }
    return this.#maxMs
  }

  /** `{}` of nothing. */
  summary(): (LatencySummary & { min: number }) | Record<string, never> {
    if (this.#count === 0) return {}
    if (this.#values !== undefined) {
      return { ...(summarize(this.#values.slice(0, this.#count).sort()) as LatencySummary), min: this.#minMs }
    }
    const [p50, p90, p95, p99] = [50, 90, 95, 99].map((p) => this.percentile(p)) as [number, number, number, number]
    return {
      count: this.#count,
      mean: this.#sumMs / this.#count,
      p50,
      p90,
      p95,
      p99,
      max: this.#maxMs,
      min: this.#minMs,
    }
  }

  #bucket(): void {
    this.#buckets = new Uint32Array(bucketsMax)
    for (let i = 0; i < this.#count; i++) this.#buckets[bucketOf(this.#values![i]!)]!++
    this.#values = undefined
  }
}

const bucketOf = (ms: number) =>
  ms <= lowestMs ? 0 : Math.min(bucketsMax - 1, Math.floor(Math.log(ms / lowestMs) / Math.log(growth)))
