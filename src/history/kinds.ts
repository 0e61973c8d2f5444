import type { Event, FaultEvent, OperationEvent, PhaseEvent } from './event.ts'
import { tableOf, type Events } from './event-table.ts'

/** Operations are most of a history, and columns of its table. */
type Kind = Exclude<Event['f'], OperationEvent['f']>
export type OfKind<F extends Kind> = Event & { f: F }

type Kinds = Partial<Record<Kind, Event[]>>

const cache = new WeakMap<Events, Kinds>()

/**
 * The events of one kind, in their order. All kinds are told apart in one pass, once per history: whoever looks for a few faults need not look at a
 * million calls.
 */
export function eventsOf<F extends Kind>(events: Events, kind: F): readonly OfKind<F>[] {
  let kinds = cache.get(events)
  if (!kinds) cache.set(events, (kinds = apart(events)))
  return (kinds[kind] ?? []) as OfKind<F>[]
}

function apart(events: Events): Kinds {
  const kinds: Kinds = {}
  for (const event of tableOf(events).others()) (kinds[event.f] ??= []).push(event)
  return kinds
}

/** When the drill first came to that phase; undefined where the history does not show it. */
export const phaseOf = (events: Events, phase: PhaseEvent['phase']): PhaseEvent | undefined =>
  eventsOf(events, 'phase').find((event) => event.phase === phase)

/** What became of each fault, in the order of the plan. */
export const stagesOfFaults = (events: Events): [op: number, stages: FaultEvent[]][] =>
  [...Map.groupBy(eventsOf(events, 'fault'), ({ op }) => op)].toSorted(([a], [b]) => a - b)
