/** Memory over the last minutes, and when it will be full if it goes on like that. */
export interface Memory {
  usedBytes: number
  /** maxmemory; the machine's where that is not set; 0 where neither is known. */
  limitBytes: number
  limitIs: 'maxmemory' | 'machine' | 'unknown'
  /** Of the limit. NaN where there is none. */
  share: number
  /** By a line through the window; undefined until it is long enough. */
  bytesPerSecond: number | undefined
  /** Undefined where it does not grow. */
  leftMs: number | undefined
}

const windowMs = 120_000
const enoughMs = 3000
const enoughPoints = 4
/** Less in a second is the allocator's breathing. */
const growthMin = 64

export class MemoryTrend {
  readonly #points: { atMs: number; bytes: number }[] = []

  add(info: ReadonlyMap<string, string>, atMs: number): Memory {
    const number = (name: string) => Number(info.get(name) ?? Number.NaN)
    const usedBytes = number('used_memory')
    const limit = number('maxmemory')
    const machine = number('total_system_memory')
    const limitBytes = limit > 0 ? limit : machine > 0 ? machine : 0
    if (!Number.isNaN(usedBytes)) this.#points.push({ atMs, bytes: usedBytes })
    while (this.#points.length > 0 && this.#points[0]!.atMs < atMs - windowMs) this.#points.shift()
    const bytesPerSecond = this.#slope()
    const grows = bytesPerSecond !== undefined && bytesPerSecond >= growthMin && limitBytes > 0
    return {
      usedBytes,
      limitBytes,
      limitIs: limit > 0 ? 'maxmemory' : machine > 0 ? 'machine' : 'unknown',
      share: limitBytes > 0 ? usedBytes / limitBytes : Number.NaN,
      bytesPerSecond,
      leftMs: grows ? (Math.max(0, limitBytes - usedBytes) / bytesPerSecond) * 1000 : undefined,
    }
  }

  /** Least squares. */
  #slope(): number | undefined {
    const points = this.#points
    if (points.length < enoughPoints || points.at(-1)!.atMs - points[0]!.atMs < enoughMs) return undefined
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
    const meanMs = mean(points.map(({ atMs }) => atMs))
    const meanBytes = mean(points.map(({ bytes }) => bytes))
    let product = 0
    let square = 0
    for (const { atMs, bytes } of points) {
      product += (atMs - meanMs) * (bytes - meanBytes)
      square += (atMs - meanMs) ** 2
    }
    return (product / square) * 1000
  }
}
