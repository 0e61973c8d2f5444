import type { LatencySummary } from '../report.ts'

/**
 * What the page's script gets, as JSON in the page. Times are ms since the drill's start unless a name says otherwise; what may be long is packed
 * (pack.ts), in µs.
 */
export interface PageData {
  /** What its time is that of. */
  shows: 'drill' | 'capture'
  /** The drill's whole time. */
  wholeMs: Span
  /** What the timeline opens on; `overlapMs`: when the overlap begins that is looked at. */
  open: { key: number; span: Span; overlapMs?: number } | null
  servers: string[]
  nodes: string[]
  /** Of the locks; `overlaps`: how many pairs of holds overlap on it. */
  keys: { name: string; holds: number; overlaps: number }[]
  /** A hold after the other by its start: [start − last start, length, waited before it, key × servers + server, op − last op of that server (signed)]. */
  holds: { count: number; of: number; packed: string }
  /** Pairs of drawn holds: [later − last later, later − earlier (signed)], ordered by the later one. */
  overlaps: { count: number; of: number; packed: string }
  /** Whether the scenario allows all overlaps that there are. */
  allowsOverlaps: boolean
  /** The key on a node, from written to gone: [start − last start, length, key × nodes + node, owner, end]. owner: 0 nobody knows, else drawn hold + 1; end: into `leaseEnds`. */
  leases: { count: number; of: number; packed: string }
  leaseEnds: string[]
  faults: { label: string; fromMs: number; toMs: number; landed: boolean; healed: boolean }[]
  /** When a node or server was away (`down`, `paused`). */
  outages: { name: string; what: string; fromMs: number; toMs: number }[]
  marks: { atMs: number; label: string }[]
  /** Where findings other than overlaps point to, and what an overlap comes of. */
  violations: { key: number; atMs: number; label: string }[]
  series: Series
  /** What the nodes said of themselves. */
  nodeCurves: NodeCurve[]
  histograms: Histogram[]
}

export type Span = [fromMs: number, toMs: number]

/** A number a slice of time; null where nothing was measured in it. */
export interface Series {
  atMs: number[]
  sliceMs: number
  latency: { label: string; p50: (number | null)[]; p95: (number | null)[]; max: (number | null)[] }[]
  /** Per second. */
  rates: { label: string; values: number[]; bad: boolean }[]
}

/** A line a node, each with times of its own; null where the node was away. */
export interface NodeCurve {
  label: string
  unit: 'MB' | 'clients' | '1/s'
  lines: { label: string; atMs: number[]; values: (number | null)[] }[]
}

/** How many took how long: `counts[i]` from `edgesMs[i]` to `edgesMs[i + 1]`. */
export interface Histogram {
  label: string
  edgesMs: number[]
  counts: number[]
  summary: LatencySummary
}
