import { plural } from '../checkers/damage.ts'
import { seconds } from '../checkers/words.ts'
import { callOf, tableOf, type Events } from '../history/event-table.ts'
import { beginnings, invokesOf } from '../history/invokes.ts'
import { phaseOf } from '../history/kinds.ts'
import { countByProcess } from './record.ts'

/** What a history lacks, one sentence each, by what was counted when it was written (record.json). */
export function missingEvents(events: Events, written: Readonly<Record<string, number>>): string[] {
  const there = countByProcess(events)
  return Object.entries(written)
    .filter(([process, count]) => (there[process] ?? 0) < count)
    .map(([process, count]) => {
      const left = there[process] ?? 0
      const how = left === 0 ? 'none is left' : `${left} are left`
      return `of the ${plural(count, 'event')} that ${process} wrote ${how} in the history: what became of its calls is not known`
    })
}

/** What a drill's history lacks where nobody counted it. */
export function missingParts(events: Events, servers: number): string[] {
  const seen = new Set(Object.keys(countByProcess(events)))
  const ended = phaseOf(events, 'end') !== undefined
  const names = Array.from({ length: servers }, (_, index) => `server-${index + 1}`)
  return [
    ...['controller', ...names]
      .filter((name) => !seen.has(name))
      .map((name) => `there is no event of ${name}: its file is missing, or empty`),
    ...(ended
      ? []
      : [`the history ends at ${seconds(events.at(-1)?.t ?? 0)}, before the drill did: what followed is missing`]),
  ]
}

/** An answer without its question, in a kind of call, and the first of them. */
interface Odd {
  count: number
  /** Its index. */
  first: number
}

/** What cannot be in a whole history: calls that ended and never began, and calls that began twice. O(n) */
export function contradictions(events: Events): string[] {
  const invokes = invokesOf(events)
  const table = tableOf(events)
  let orphans: Odd | undefined
  let twins: Odd | undefined
  for (let at = 0; at < table.length; at++) {
    const kind = table.kind[at]!
    const call = callOf(kind)
    if (call === undefined || call === 'lost') continue
    const known = invokes.before(table.op[at]!, at) >= 0
    if (known !== beginnings.has(kind)) continue
    if (known) twins = { count: (twins?.count ?? 0) + 1, first: twins?.first ?? at }
    else orphans = { count: (orphans?.count ?? 0) + 1, first: orphans?.first ?? at }
  }
  const about = ({ first }: Odd) => {
    const { op, f, process, t } = table.operation(first)
    return `the first is op ${op}, ${f} by ${process}, at ${seconds(t)}`
  }
  return [
    orphans &&
      `${plural(orphans.count, 'call')} ended and never began before: lines are missing, or a clock went backwards; ${about(orphans)}`,
    twins &&
      `${plural(twins.count, 'call')} began with a number (op) that was taken: it must be unique in the whole history; ${about(twins)}`,
  ].filter((doubt) => doubt !== undefined)
}
