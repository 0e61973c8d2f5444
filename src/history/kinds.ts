import type { Event, FaultEvent, PhaseEvent } from './event.ts'

/** Releases and works nobody asks for by themselves, and they are half of a history. */
type Kind = Exclude<Event['f'], 'release' | 'work'>
export type OfKind<F extends Kind> = Event & { f: F }

type Kinds = Partial<Record<Kind, Event[]>>

const cache = new WeakMap<readonly Event[], Kinds>()

/**
 * The events of one kind, in their order. All kinds are told apart in one pass, once per history: whoever looks for a few faults need not look at a
 * million calls.
 */
export function eventsOf<F extends Kind>(events: readonly Event[], kind: F): readonly OfKind<F>[] {
  let kinds = cache.get(events)
  if (!kinds) cache.set(events, (kinds = apart(events)))
  return (kinds[kind] ?? []) as OfKind<F>[]
}

function apart(events: readonly Event[]): Kinds {
  const kinds: Kinds = {}
  for (const event of events) if (event.f !== 'release' && event.f !== 'work') (kinds[event.f] ??= []).push(event)
  return kinds
}

/** When the drill first came to that phase; undefined where the history does not show it. */
export const phaseOf = (events: readonly Event[], phase: PhaseEvent['phase']): PhaseEvent | undefined =>
  eventsOf(events, 'phase').find((event) => event.phase === phase)

/** What became of each fault, in the order of the plan. */
export const stagesOfFaults = (events: readonly Event[]): [op: number, stages: FaultEvent[]][] =>
  [...Map.groupBy(eventsOf(events, 'fault'), ({ op }) => op)].toSorted(([a], [b]) => a - b)
