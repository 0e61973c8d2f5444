import { humanMs, plural } from '../reporters/text.ts'
import type { DuelMetric, Slice } from './slices.ts'
import { median, midMean, shiftOf, type Shift } from './statistics.ts'

/** A difference that somebody would care about: both have to be passed. */
export interface Worth {
  percent: number
  ms: number
}

/** One duel: the slices of both sides, those of one number beside each other. */
export interface Measurement {
  lock: readonly Slice[]
  baseline: readonly Slice[]
}

export interface LatencyRow {
  metric: DuelMetric
  /** `slower` and `faster` only where it was measured twice; `alike`: not slower by as much as anybody would care about; `not told`: neither can be said. */
  change: 'slower' | 'faster' | 'alike' | 'not told'
  /** In typical slices, ms; null where nothing was measured. */
  lockMs: number | null
  baselineMs: number | null
  /** Lock to baseline, and its bounds (each holds with 95 %); null where nothing bounds it. */
  ratio: number | null
  lower: number | null
  upper: number | null
  /** How probable as much in each measurement would be if the lock were not slower. */
  p: number[]
  pairs: number
  /** Too few of them to say anything, however much they differ. */
  few: boolean
  /** What may be concluded, in a sentence. */
  note: string
}

/** Servers warm up, connections are made: the first slices tell of the start. */
const warmUpSlices = 2
const samplesMin = 5
const pairsMin = 8
/** What chance does in one of a hundred measurements is looked into; what it does twice in a row is one in ten thousand. */
const pMax = 0.01

/** Whether something looks slower, so that it has to be measured again before it is called so. */
export const isSuspicious = (measurement: Measurement, metrics: readonly DuelMetric[], worth: Worth): boolean =>
  metrics.some((metric) => looksSlower(measure([measurement], metric), worth))

/** What the measurements say together; pure. */
export function latencyRows(
  measurements: readonly Measurement[],
  metrics: readonly DuelMetric[],
  worth: Worth,
): LatencyRow[] {
  return metrics.map((metric) => {
    const each = measurements.map((one) => measure([one], metric))
    const all = measure(measurements, metric)
    const { shift, lockMs, baselineMs } = all
    const [ratio, lower, upper] = [shift.estimate, shift.lower, shift.upper].map(Math.exp) as [number, number, number]
    return {
      metric,
      ...conclude(each, all, worth),
      lockMs: finite(lockMs),
      baselineMs: finite(baselineMs),
      ratio: finite(ratio),
      lower: shift.lower === -Infinity ? null : finite(lower),
      upper: finite(upper),
      p: each.map((one) => one.shift.pAbove),
      pairs: shift.pairs,
      few: fewest(each) < pairsMin,
    }
  })
}

interface Measured {
  /** Of the logarithm of the ratio. */
  shift: Shift
  lockMs: number
  baselineMs: number
}

function measure(measurements: readonly Measurement[], metric: DuelMetric): Measured {
  const pairs = measurements.flatMap(({ lock, baseline }) =>
    lock.slice(warmUpSlices).flatMap((slice, index) => {
      const [own, other] = [slice[metric], baseline[index + warmUpSlices]?.[metric]]
      if (other === undefined || own.length < samplesMin || other.length < samplesMin) return []
      return [{ lockMs: midMean(own), baselineMs: midMean(other) }]
    }),
  )
  const typical = (side: 'lockMs' | 'baselineMs') => median(pairs.map((pair) => pair[side]).sort((a, b) => a - b))
  return {
    shift: shiftOf(pairs.map(({ lockMs, baselineMs }) => Math.log(lockMs / baselineMs))),
    lockMs: typical('lockMs'),
    baselineMs: typical('baselineMs'),
  }
}

const fewest = (each: readonly Measured[]) => Math.min(...each.map(({ shift }) => shift.pairs))

function looksSlower({ shift, baselineMs }: Measured, { percent, ms }: Worth): boolean {
  const excess = Math.expm1(shift.estimate)
  return shift.pairs >= pairsMin && shift.pAbove <= pMax && excess >= percent / 100 && excess * baselineMs >= ms
}

function conclude(each: readonly Measured[], all: Measured, worth: Worth): Pick<LatencyRow, 'change' | 'note'> {
  const { shift, baselineMs } = all
  const few = fewest(each)
  if (few < pairsMin)
    return {
      change: 'not told',
      note: `${plural(few, 'pair')} of slices had ${samplesMin} samples each, and it takes ${pairsMin}`,
    }
  const worthLog = Math.log1p(worth.percent / 100)
  const suspected = each[0] !== undefined && looksSlower(each[0], worth)
  const confirmed = each.length > 1 && each.every((one) => looksSlower(one, worth))
  if (confirmed && shift.lower >= worthLog) return { change: 'slower', note: 'measured twice, with fresh processes' }
  const before = suspected && !confirmed ? 'it looked slower at first, and not when it was measured again' : ''
  if (shift.upper < worthLog || Math.expm1(shift.upper) * baselineMs < worth.ms)
    return notSlower(each, worthLog, before)
  const seen = `up to ${percentText(shift.upper)} slower (${humanMs(Math.expm1(shift.upper) * baselineMs)}) cannot be told from the unrest of this machine`
  return { change: 'not told', note: before === '' ? seen : `${before}; ${seen}` }
}

/** As little as one measurement proves that a lock is slower does it prove that it is faster: nobody's gate waits for a second one, so it is left open. */
function notSlower(each: readonly Measured[], worthLog: number, note: string): Pick<LatencyRow, 'change' | 'note'> {
  const looksFaster = each.filter(({ shift }) => shift.upper < -worthLog).length
  if (looksFaster === 0) return { change: 'alike', note }
  if (looksFaster === each.length && each.length > 1) return { change: 'faster', note }
  return { change: 'alike', note: note === '' ? 'not slower; that it looked faster was measured once only' : note }
}

const percentText = (log: number) => (log > Math.log(10) ? 'many times' : `${Math.round(Math.expm1(log) * 100)} %`)

const finite = (value: number) => (Number.isFinite(value) ? value : null)
