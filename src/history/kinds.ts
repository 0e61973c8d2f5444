import type { Event } from './event.ts'

export type OfKind<F extends Event['f']> = Event & { f: F }

type Kinds = Partial<Record<Event['f'], Event[]>>

const cache = new WeakMap<readonly Event[], Kinds>()

/**
 * The events of one kind, in their order. All kinds are told apart in one pass, once per history: whoever looks for a few faults need not look at a
 * million calls.
 */
export function eventsOf<F extends Event['f']>(events: readonly Event[], kind: F): readonly OfKind<F>[] {
  let kinds = cache.get(events)
  if (!kinds) cache.set(events, (kinds = apart(events)))
  return (kinds[kind] ?? []) as OfKind<F>[]
}

function apart(events: readonly Event[]): Kinds {
  const kinds: Kinds = {}
  for (const event of events) (kinds[event.f] ??= []).push(event)
  return kinds
}
