import { plural } from '../checkers/damage.ts'
import { serverOf } from '../checkers/holds.ts'
import { seconds } from '../checkers/words.ts'
import type { Event } from '../history/event.ts'
import { invokesOf, isCall, type CallEvent } from '../history/invokes.ts'
import { phaseOf } from '../history/kinds.ts'
import { countByProcess } from './record.ts'

/** What a history lacks, one sentence each, by what was counted when it was written (record.json). */
export function missingEvents(events: readonly Event[], written: Readonly<Record<string, number>>): string[] {
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
export function missingParts(events: readonly Event[], servers: number): string[] {
  const seen = new Set<string>()
  for (const { process } of events) seen.add(serverOf(process))
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
  first: CallEvent
}

/** What cannot be in a whole history: calls that ended and never began, and calls that began twice. O(n) */
export function contradictions(events: readonly Event[]): string[] {
  const invokes = invokesOf(events)
  let orphans: Odd | undefined
  let twins: Odd | undefined
  for (let at = 0; at < events.length; at++) {
    const event = events[at]!
    if (!isCall(event)) continue
    const known = invokes.before(event.op, at) >= 0
    if (event.type === 'invoke') {
      if (known) twins = { count: (twins?.count ?? 0) + 1, first: twins?.first ?? event }
    } else if (!known) orphans = { count: (orphans?.count ?? 0) + 1, first: orphans?.first ?? event }
  }
  const about = ({ first: { op, f, process, t } }: Odd) => `the first is op ${op}, ${f} by ${process}, at ${seconds(t)}`
  return [
    orphans &&
      `${plural(orphans.count, 'call')} ended and never began before: lines are missing, or a clock went backwards; ${about(orphans)}`,
    twins &&
      `${plural(twins.count, 'call')} began with a number (op) that was taken: it must be unique in the whole history; ${about(twins)}`,
  ].filter((doubt) => doubt !== undefined)
}
