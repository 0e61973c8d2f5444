import { callOf, kindOf, noCall, tableOf, type Events, type EventTable } from '../history/event-table.ts'
import { invokesOf } from '../history/invokes.ts'
import { OpTable } from '../history/op-table.ts'
import { Columns } from './columns.ts'

/**
 * The model that the checkers share: when did who believe to hold what.
 *
 * Belief begins with `acquire ok` and ends with the first of: `release invoke`, `lost` (the signal, or an extension that was refused
 * because the lock was lost), the end of `validForMs`, the last word of a server that died, the end of the drill. An extension replaces the end of the validity by
 * its own `t + validForMs`, and by none where it names none. One that is asked for after the validity has ended, and granted, says that nothing was
 * lost in between: belief spans the gap. One that was asked for in time and answered late begins a second interval of the same grant. An acquire whose outcome nobody knows (`info`) gives no belief.
 *
 * A server that dies takes the last turn of its event loop with it, in which it may have released what it held: the record proves nothing
 * beyond the last event that it wrote.
 *
 * Intervals are half open: a hold that ends at the moment in which the next begins does not overlap it.
 *
 * Kept as columns, a number a hold, so that a million holds are a hundred megabytes and not a gigabyte; index `i` runs over intervals in the order
 * of their starts.
 */
export interface Holds {
  size: number
  /** ns */
  startNs: Float64Array
  /** ns; never less than the start. */
  endNs: Float64Array
  /** Where the events are, as indices into the history; the invoke is -1 where the record lacks it. */
  invokeAt: Int32Array
  okAt: Int32Array
  /** The interval's key, as an index into `keys`. */
  keyOf: Int32Array
  keys: string[]
  /** When its release was invoked; Infinity where never. */
  releaseNs: Float64Array
  /** The end of its last validity claim; Infinity where the lock claimed nothing. */
  validUntilNs: Float64Array
  /** By how much its times may be too late, as its events say (`lagNs`). */
  lagNs: Float64Array
  /** Extensions that were granted, per grant: for what its key's end should be. */
  extensions: Map<number, Extension[]>
  /** Operations that never answered. */
  unsettled: number[]
  /** Of intervals that were going on when their server died: when that was noticed, ns. */
  killedNs: Map<number, number>
  /** How many of the intervals continue an earlier one of their grant. */
  continuations: number
  events: Events
}

export interface Extension {
  invokeNs: number
  okNs: number
  ttlMs: number | undefined
}

/** One hold, spelled out for a person's eyes and for blame. */
export interface Hold {
  index: number
  op: number
  key: string
  /** `server-1/vu-3` */
  process: string
  /** `server-1` */
  server: string
  token: string | undefined
  invokeNs: number
  startNs: number
  endNs: number
  releaseNs: number
  ttlMs: number | undefined
  validUntilNs: number
  extensions: readonly Extension[]
}

const cache = new WeakMap<Events, Holds>()

/** The holds of a history; built once per history, O(n). */
export function holdsOf(events: Events): Holds {
  let holds = cache.get(events)
  if (!holds) cache.set(events, (holds = build(events)))
  return holds
}

export function holdAt(holds: Holds, index: number): Hold {
  const table = tableOf(holds.events)
  const ok = table.operation(holds.okAt[index]!)
  const invokeAt = holds.invokeAt[index]!
  return {
    index,
    op: ok.op,
    key: ok.key,
    process: ok.process,
    server: serverOf(ok.process),
    token: ok.token || undefined,
    invokeNs: table.t[invokeAt] ?? ok.t,
    startNs: holds.startNs[index]!,
    endNs: holds.endNs[index]!,
    releaseNs: holds.releaseNs[index]!,
    ttlMs: (invokeAt < 0 ? undefined : table.rest(invokeAt).ttlMs) ?? ok.ttlMs,
    validUntilNs: holds.validUntilNs[index]!,
    extensions: holds.extensions.get(ok.op) ?? [],
  }
}

/** For sentences about two: callers of one server go by their own names there. */
export function toldApart(a: Hold, b: Hold): [Hold, Hold] {
  if (a.server !== b.server) return [a, b]
  return [
    { ...a, server: a.process },
    { ...b, server: b.process },
  ]
}

/** How many acquires were granted. */
export const grantsOf = ({ size, continuations }: Holds): number => size - continuations

/**
 * How many holds were believed in at some moment of the window, or went with a server that died since `sinceNs`: that they are over when it is dead is no
 * reason to leave them out.
 */
export function holdsDuring(
  { size, startNs, endNs, killedNs }: Holds,
  fromNs: number,
  toNs: number,
  sinceNs = fromNs,
): number {
  let count = 0
  for (let i = 0; i < size; i++) {
    if (startNs[i]! >= toNs) continue
    const deathNs = endNs[i]! > fromNs ? undefined : killedNs.get(i)
    if (endNs[i]! > fromNs || (deathNs !== undefined && deathNs >= sinceNs && deathNs <= toNs)) count++
  }
  return count
}

/**
 * Calls back for every pair of holds of one key whose beliefs overlap, the earlier one first, ordered by the later one's start. Each hold is compared only with those
 * that are believed in when it begins, so the cost is O(n + pairs), and the pairs are bounded by the holds times the callers that hold at once.
 * An overlap that is no longer than the lag of the two is none: their times may be that much too late.
 */
export function overlappingPairs(holds: Holds, visit: (first: number, second: number) => void): void {
  const { size, startNs, endNs, keyOf, okAt, lagNs } = holds
  const believed: number[][] = holds.keys.map(() => [])
  // A grant's later intervals must not count a pair that an earlier one counted.
  const counted = holds.continuations > 0 ? new Set<string>() : undefined
  for (let i = 0; i < size; i++) {
    const start = startNs[i]!
    const end = endNs[i]!
    if (end <= start) continue
    const active = believed[keyOf[i]!]!
    let kept = 0
    for (let a = 0; a < active.length; a++) {
      const j = active[a]!
      if (endNs[j]! <= start) continue
      active[kept++] = j
      if (okAt[j] === okAt[i]) continue
      const lag = Math.max(lagNs[i]!, lagNs[j]!)
      if (lag > 0 && Math.min(end, endNs[j]!) - start <= lag) continue
      if (counted) {
        const pair = okAt[j]! < okAt[i]! ? `${okAt[j]},${okAt[i]}` : `${okAt[i]},${okAt[j]}`
        if (counted.has(pair)) continue
        counted.add(pair)
      }
      visit(j, i)
    }
    active.length = kept
    active.push(i)
  }
}

/** `server-1` */
export const serverOfHold = ({ events, okAt }: Holds, index: number): string => serverAt(tableOf(events), okAt[index]!)

/** Of the event at that index. */
export const serverAt = ({ process, processes }: EventTable, at: number): string =>
  serverOf(processes.list[process[at]!]!)

export const serverOf = (process: string): string => {
  const slash = process.indexOf('/')
  return slash < 0 ? process : process.slice(0, slash)
}

interface Death {
  /** When it was noticed. */
  t: number
  lastWordNs: number
}

/** Nodes of Redis, whose deaths are told in the same words, have no say in this. */
function lastWordBefore(events: Events, at: number, server: string): number {
  const table = tableOf(events)
  for (let i = at - 1; i >= 0; i--) if (serverAt(table, i) === server) return table.t[i]!
  return -Infinity
}

/** A hold that was released has its acquire's invoke and answer, and its release's. */
const callEventsMin = 4

const kinds = {
  granted: kindOf('acquire', 'ok'),
  releaseAsked: kindOf('release', 'invoke'),
  extendRefused: kindOf('extend', 'fail'),
  extended: kindOf('extend', 'ok'),
}

/** Until when the answer claims that the grant is valid, as the lock reckoned it at the earliest; Infinity where it claims nothing. */
function claimEndNs(table: EventTable, at: number): number {
  const validForMs = table.validForMs(at)
  return validForMs === undefined ? Infinity : table.t[at]! + validForMs * 1e6 - (table.uncommon(at).claimLagNs ?? 0)
}

function build(events: Events): Holds {
  const table = tableOf(events)
  const columns = new Columns(1024 + Math.ceil(events.length / callEventsMin))
  const keys: string[] = []
  /** By their numbers in the table. */
  const keyIds = new Int32Array(table.keys.list.length).fill(-1)
  const invokes = invokesOf(events)
  const grants = new OpTable()
  const extensions = new Map<number, Extension[]>()
  const unsettled: number[] = []
  const deaths = new Map<string, Death[]>()
  let endOfDrillNs = events.at(-1)?.t ?? 0
  let continuations = 0

  const endBelief = (grant: number, t: number, lagNs = 0) => {
    const i = grant < 0 ? -1 : grants.get(grant)
    if (i < 0) return -1
    if (t < columns.hardEndNs[i]!) columns.hardEndNs[i] = t
    if (lagNs > columns.lagNs[i]!) columns.lagNs[i] = lagNs
    return i
  }

  for (let at = 0; at < table.length; at++) {
    const kind = table.kind[at]!
    const [t, grant] = [table.t[at]!, table.grant[at]!]
    switch (kind) {
      case kinds.granted: {
        let keyId = keyIds[table.key[at]!]!
        if (keyId < 0) keyIds[table.key[at]!] = keyId = keys.push(table.keys.list[table.key[at]!]!) - 1
        const i = columns.add(t, invokes.before(table.op[at]!, at), at, keyId, table.uncommon(at).lagNs ?? 0)
        columns.validUntilNs[i] = claimEndNs(table, at)
        grants.set(table.op[at]!, i)
        break
      }
      case kinds.releaseAsked: {
        const i = endBelief(grant, t)
        if (i >= 0 && t < columns.releaseNs[i]!) columns.releaseNs[i] = t
        break
      }
      case kinds.extendRefused: {
        const { error, lagNs } = table.rest(at)
        if (!error?.startsWith('unavailable')) endBelief(grant, t, lagNs)
        break
      }
      case kinds.extended: {
        const i = grant < 0 ? -1 : grants.get(grant)
        if (i < 0) break
        const { lagNs = 0, ttlMs } = table.rest(at)
        const invoke = invokes.before(table.op[at]!, at)
        const asked = invoke < 0 ? undefined : table.rest(invoke).ttlMs
        const extension = { invokeNs: table.t[invoke] ?? t, okNs: t, ttlMs: asked ?? ttlMs }
        const known = extensions.get(grant)
        if (known) known.push(extension)
        else extensions.set(grant, [extension])
        const until = claimEndNs(table, at)
        const over = Math.min(columns.hardEndNs[i]!, columns.validUntilNs[i]!)
        const spans = columns.hardEndNs[i] === Infinity && extension.invokeNs > over
        if (t <= over || spans) columns.validUntilNs[i] = until
        else if (columns.hardEndNs[i] === Infinity) {
          // It came late: its validity had ended, and now it believes again.
          const next = columns.add(t, columns.invokeAt[i]!, columns.okAt[i]!, columns.keyOf[i]!, columns.lagNs[i]!)
          columns.validUntilNs[next] = until
          grants.set(grant, next)
          continuations++
        }
        const claiming = grants.get(grant)
        if (lagNs > columns.lagNs[claiming]!) columns.lagNs[claiming] = lagNs
        break
      }
      case noCall: {
        const event = table.other(at)
        if (event.f === 'phase' && event.phase === 'end') endOfDrillNs = t
        else if (event.f === 'topology' && event.event === 'down') {
          const death = { t, lastWordNs: lastWordBefore(events, at, event.node) }
          const known = deaths.get(event.node)
          if (known) known.push(death)
          else deaths.set(event.node, [death])
        }
        break
      }
      default:
        if (callOf(kind) === 'lost') endBelief(grant, t, table.rest(at).lagNs)
        else if (table.rest(at).unsettled) unsettled.push(at)
    }
  }

  const ordered = columns.inOrder()
  const { size, startNs, hardEndNs, validUntilNs, okAt } = ordered
  const killedNs = new Map<number, number>()
  for (let i = 0; i < size; i++) {
    let end = Math.min(hardEndNs[i]!, validUntilNs[i]!, endOfDrillNs)
    if (deaths.size > 0) {
      const death = deaths.get(serverAt(table, okAt[i]!))?.find(({ t }) => t >= startNs[i]!)
      if (death !== undefined && death.lastWordNs < end) {
        if (end >= death.t) killedNs.set(i, death.t)
        end = death.lastWordNs
      }
    }
    hardEndNs[i] = Math.max(end, startNs[i]!)
  }
  return { ...ordered, endNs: ordered.hardEndNs, keys, extensions, unsettled, killedNs, continuations, events }
}
