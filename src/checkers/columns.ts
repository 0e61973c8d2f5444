import { grown } from '../lib/grown.ts'

/** Growing columns: a million holds cost no million objects. What is not used of their capacity takes hardly any memory. */
export class Columns {
  size = 0
  startNs: Float64Array
  hardEndNs: Float64Array
  releaseNs: Float64Array
  validUntilNs: Float64Array
  lagNs: Float64Array
  invokeAt: Int32Array
  okAt: Int32Array
  keyOf: Int32Array
  #sorted = true

  constructor(capacity: number) {
    this.startNs = new Float64Array(capacity)
    this.hardEndNs = new Float64Array(capacity)
    this.releaseNs = new Float64Array(capacity)
    this.validUntilNs = new Float64Array(capacity)
    this.lagNs = new Float64Array(capacity)
    this.invokeAt = new Int32Array(capacity)
    this.okAt = new Int32Array(capacity)
    this.keyOf = new Int32Array(capacity)
  }

  add(startNs: number, invokeAt: number, okAt: number, keyOf: number, lagNs: number): number {
    if (this.size === this.startNs.length) this.#grow()
    const i = this.size++
    if (i > 0 && startNs < this.startNs[i - 1]!) this.#sorted = false
    this.startNs[i] = startNs
    this.hardEndNs[i] = this.releaseNs[i] = this.validUntilNs[i] = Infinity
    this.lagNs[i] = lagNs
    this.invokeAt[i] = invokeAt
    this.okAt[i] = okAt
    this.keyOf[i] = keyOf
    return i
  }

  /** The columns ordered by start. A merged history already is in order, so that this costs nothing then. */
  inOrder() {
    const { size } = this
    const columns = {
      startNs: this.startNs,
      hardEndNs: this.hardEndNs,
      releaseNs: this.releaseNs,
      validUntilNs: this.validUntilNs,
      lagNs: this.lagNs,
      invokeAt: this.invokeAt,
      okAt: this.okAt,
      keyOf: this.keyOf,
    }
    if (this.#sorted) return { size, ...columns }
    const order = Int32Array.from({ length: size }, (_, i) => i).sort((a, b) => this.startNs[a]! - this.startNs[b]!)
    const floats = (column: Float64Array) => Float64Array.from(order, (i) => column[i]!)
    const ints = (column: Int32Array) => Int32Array.from(order, (i) => column[i]!)
    return {
      size,
      startNs: floats(columns.startNs),
      hardEndNs: floats(columns.hardEndNs),
      releaseNs: floats(columns.releaseNs),
      validUntilNs: floats(columns.validUntilNs),
      lagNs: floats(columns.lagNs),
      invokeAt: ints(columns.invokeAt),
      okAt: ints(columns.okAt),
      keyOf: ints(columns.keyOf),
    }
  }

  #grow(): void {
    this.startNs = grown(this.startNs)
    this.hardEndNs = grown(this.hardEndNs)
    this.releaseNs = grown(this.releaseNs)
    this.validUntilNs = grown(this.validUntilNs)
    this.lagNs = grown(this.lagNs)
    this.invokeAt = grown(this.invokeAt)
    this.okAt = grown(this.okAt)
    this.keyOf = grown(this.keyOf)
  }
}
