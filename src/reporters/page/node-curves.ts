import type { NodeEvent } from '../../history/event.ts'
import type { Events } from '../../history/event-table.ts'
import { eventsOf } from '../../history/kinds.ts'
import type { NodeCurve } from './page-data.ts'

/** More points than these no screen has columns for. */
const pointsMax = 400
/** A node that is silent for as many of its usual distances was away. */
const silentDistances = 2.5
const mb = 1024 * 1024

interface Measure {
  label: string
  unit: NodeCurve['unit']
  /** Of some looks at a node one after another, `before` being the last one ahead of them in the same life of its process; null where that is needed and missing. */
  of(looks: readonly NodeEvent[], before: NodeEvent | undefined): number | null
}

const highest = (looks: readonly NodeEvent[], of: (look: NodeEvent) => number) => Math.max(...looks.map(of))

const perSecond = (looks: readonly NodeEvent[], before: NodeEvent | undefined, of: (look: NodeEvent) => number) => {
  const last = looks.at(-1)!
  if (before === undefined || last.t <= before.t) return null
  // What the harness sent is known some microseconds beside what the node carried out.
  return Math.max(0, of(last) - of(before)) / ((last.t - before.t) / 1e9)
}

const measures: Measure[] = [
  { label: 'memory', unit: 'MB', of: (looks) => highest(looks, ({ usedBytes }) => usedBytes) / mb },
  { label: 'clients', unit: 'clients', of: (looks) => highest(looks, ({ clients }) => clients) },
  {
    label: 'commands',
    unit: '1/s',
    of: (looks, before) => perSecond(looks, before, ({ commands, harnessCommands }) => commands - harnessCommands),
  },
  {
    label: 'commands answered with an error',
    unit: '1/s',
    of: (looks, before) => perSecond(looks, before, ({ errorReplies }) => errorReplies),
  },
]

/** What the nodes said of themselves over time (NodeEvent), a line a node; null where one was away. Nothing for a history that has none of it. */
export function nodeCurves(events: Events): NodeCurve[] {
  const byNode = Map.groupBy(eventsOf(events, 'node'), ({ process }) => process)
  if (byNode.size === 0) return []
  const deaths = eventsOf(events, 'topology').filter(({ event }) => event === 'down')
  const nodes = [...byNode]
    .toSorted(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
    .map(([node, looks]) => ({
      node,
      lives: lives(
        looks,
        deaths.flatMap((event) => (event.f === 'topology' && event.node === node ? [event.t] : [])),
      ),
    }))
  return measures.map(({ label, unit, of }) => ({
    label,
    unit,
    lines: nodes.map(({ node, lives: all }) => ({ label: node, ...drawn(all, of) })),
  }))
}

/** Looks without a silence, a death or a new process between them. */
function lives(looks: readonly NodeEvent[], deathsNs: readonly number[]): NodeEvent[][] {
  const distances = looks.slice(1).map(({ t }, index) => t - looks[index]!.t)
  const usualNs = distances.toSorted((a, b) => a - b)[Math.floor(distances.length / 2)] ?? Infinity
  const all: NodeEvent[][] = []
  let last: NodeEvent | undefined
  for (const look of looks) {
    const from = last
    const isSame =
      from !== undefined &&
      look.t - from.t <= silentDistances * usualNs &&
      look.commands >= from.commands &&
      !deathsNs.some((t) => t > from.t && t <= look.t)
    if (isSame) all.at(-1)!.push(look)
    else all.push([look])
    last = look
  }
  return all
}

function drawn(all: readonly NodeEvent[][], of: Measure['of']): { atMs: number[]; values: (number | null)[] } {
  const looks = all.reduce((sum, { length }) => sum + length, 0)
  const every = Math.ceil(looks / pointsMax)
  const [atMs, values]: [number[], (number | null)[]] = [[], []]
  const add = (ms: number, value: number | null) => {
    atMs.push(Math.round(ms))
    values.push(value === null ? null : Number(value.toPrecision(4)))
  }
  for (const life of all) {
    // Not drawn across from the life before.
    if (atMs.length > 0) add((atMs.at(-1)! + life[0]!.t / 1e6) / 2, null)
    for (let at = 0; at < life.length; at += every) {
      const some = life.slice(at, at + every)
      add(some.at(-1)!.t / 1e6, of(some, life[at - 1]))
    }
  }
  return { atMs, values }
}
