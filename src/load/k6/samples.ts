import { closeSync, openSync, readSync } from 'node:fs'
import { StringDecoder } from 'node:string_decoder'
import { Samples } from '../../history/samples.ts'

/** A line of k6's JSON output, as far as we look at it. https://grafana.com/docs/k6/latest/results-output/real-time/json/ */
interface Line {
  type: 'Metric' | 'Point'
  metric: string
  data: { type?: string; contains?: string; value?: number; tags?: Record<string, string> | null }
}

/** Of a read; what is more comes with the next one. */
const chunkBytes = 1 << 20

/**
 * The samples of all instances of k6, as they are written. Each trend's samples lie in one heap, so that percentiles over all instances are
 * those of the union, and no averages of percentiles.
 */
export class SampleStore implements Disposable {
  /** By metric, ms: k6's trends that hold a time. */
  readonly trends = new Map<string, Samples>()
  readonly counters: Record<string, number> = { iterations: 0, dropped_iterations: 0, http_reqs: 0 }
  /** Requests that got no answer: nobody listened, or the connection broke. */
  undelivered = 0
  /** Users at work, as last told. */
  vus = 0
  /** What could not be read, if anything. */
  damage: string | undefined
  readonly #file: string
  #fd: number | undefined
  #closed = false
  readonly #chunk = Buffer.allocUnsafe(chunkBytes)
  readonly #decoder = new StringDecoder('utf8')
  #rest = ''

  constructor(file: string) {
    this.#file = file
  }

  /** Takes what was appended since the last call; nothing where there is no file yet, or no more. */
  read(): void {
    if (this.#closed) return
    try {
      this.#fd ??= openSync(this.#file, 'r')
    } catch {
      return
    }
    for (let bytes; (bytes = readSync(this.#fd, this.#chunk, 0, chunkBytes, null)) > 0;) {
      const lines = (this.#rest + this.#decoder.write(this.#chunk.subarray(0, bytes))).split('\n')
      this.#rest = lines.pop()!
      for (const text of lines) this.#take(text)
    }
  }

  [Symbol.dispose](): void {
    this.#closed = true
    if (this.#fd !== undefined) closeSync(this.#fd)
  }

  #take(text: string): void {
    const said = lineOf(text)
    if (said === undefined) {
      this.damage ??= `a line that is none of k6's: ${text.slice(0, 80)}`
      return
    }
    const { type, metric, data } = said
    if (type === 'Metric') {
      if (data.type === 'trend' && data.contains === 'time') this.trends.set(metric, new Samples())
      return
    }
    const { value = 0, tags } = data
    const trend = this.trends.get(metric)
    if (trend) return trend.addMs(value)
    if (metric === 'vus') this.vus = value
    else if (metric in this.counters) this.counters[metric]! += value
    if (metric === 'http_reqs' && tags?.['status'] === '0') this.undelivered += value
  }
}

/** Undefined where it is none. No schema library here: there are thirteen lines a request. */
function lineOf(text: string): Line | undefined {
  try {
    const said = JSON.parse(text) as Partial<Line> | null
    if (typeof said?.metric !== 'string' || typeof said.data !== 'object' || said.data === null) return undefined
    if (said.type === 'Metric') return said as Line
    return said.type === 'Point' && typeof said.data.value === 'number' ? (said as Line) : undefined
  } catch {
    return undefined
  }
}
