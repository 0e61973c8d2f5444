import type { KeyEvent } from '../history/event.ts'
import type { Events } from '../history/event-table.ts'
import { eventsOf } from '../history/kinds.ts'
import { partitionPoint } from '../lib/partition-point.ts'

/**
 * What the harness' own connections saw of the locks' keys, indexed by node and by the lock's name for the key.
 *
 * A Redis key belongs to the longest lock key that it contains as a whole word: `lock:{stock:11}` belongs to `stock:11` and not to `stock:1`.
 * Several Redis keys of one lock key (fence counters, queues) are told apart by what they hold: the lock itself is the one whose
 * value has the grants' tokens, or else the one with a time to live. A key whose name tells nothing (a hash of the lock key) belongs to the lock key whose
 * token it holds.
 */
export interface KeyRecord {
  /** All that were watched, whether a key was seen there or not. */
  nodes: string[]
  /** The lock's own key on a node; undefined where none was ever seen there. */
  track(node: string, lockKey: string): Track | undefined
  /** Whether there are keys, on any node, of which nobody knows whose they are. */
  hasStrangers: boolean
  /** Times in which a node's events may have been missed. */
  gaps(node: string): readonly Gap[]
  /** Times of which a node's events may have been read much later. */
  delays(node: string): readonly Delay[]
  /**
   * Whether any grant's token was ever seen in a value: a lock may tell the caller another token than the one that it stores. Where no value was seen
   * while somebody held the key, nobody knows, and they count as telling: what a try leaves for a moment has the token of no grant.
   */
  tokensTell(): boolean
}

/** One Redis key's events on one node, in the node's order, with the node's `gap` and `resync` between them. */
export interface Track {
  node: string
  /** The key's name on the node. */
  key: string
  events: readonly KeyEvent[]
  /** When another node was announced to be the primary in this one's place, ns: its keys may be replaced by that one's then, without an event. */
  deposedNs: readonly number[]
}

export interface Gap {
  fromNs: number
  /** Infinity where the node did not come back. */
  toNs: number
  restarted: boolean
}

export interface Delay {
  fromNs: number
  toNs: number
}

export const removals: ReadonlySet<string> = new Set(['del', 'expired', 'evicted', 'rename_from', 'move_from'])
/** Events that change neither the value nor whether the key is there. */
const quiet: ReadonlySet<string> = new Set(['expire', 'persist', 'sample'])
const markers: ReadonlySet<string> = new Set(['gap', 'resync'])

/** Whether the event wrote a value. */
export const writes = (event: KeyEvent): boolean =>
  !quiet.has(event.event) && !removals.has(event.event) && !markers.has(event.event)

/** What the servers believed of a lock key. */
export interface Belief {
  /** Some tokens of its grants, to recognise the lock's own key by. */
  tokens(lockKey: string): readonly string[]
  /** Whether somebody held it. */
  isHeld(lockKey: string, t: number): boolean
}

/** O(n) */
export function keyRecord(events: Events, lockKeys: readonly string[], { tokens, isHeld }: Belief): KeyRecord {
  const known = new Set(lockKeys)
  const nodes = new Map<string, NodeRecord>()
  const deposed = new Map<string, number[]>()
  for (const { event, t, from } of eventsOf(events, 'topology'))
    if (event === 'switch-master' && from !== undefined) deposed.set(from, [...(deposed.get(from) ?? []), t])
  for (const event of eventsOf(events, 'key')) {
    if (event.event === 'left') continue
    let node = nodes.get(event.process)
    if (!node)
      nodes.set(
        event.process,
        (node = {
          deposedNs: deposed.get(event.process) ?? [],
          gaps: [],
          delays: [],
          byLockKey: new Map(),
          chosen: new Map(),
          strangers: new Map(),
          owners: new Map(),
          all: [],
        }),
      )
    if (event.key === '') {
      if (markers.has(event.event)) mark(node, event)
      else if (event.event === 'late') node.delays.push({ fromNs: event.t - (event.lagNs ?? 0), toNs: event.t })
    } else {
      let owner = node.owners.get(event.key)
      if (owner === undefined) node.owners.set(event.key, (owner = ownerOf(event.key, known)))
      trackOf(node, event, owner === null ? node.strangers : tracksOf(node, owner)).events.push(event)
    }
  }

  const hasStrangers = introduce(nodes, lockKeys, tokens)
  let tell: boolean | undefined
  return {
    tokensTell: () =>
      (tell ??=
        someTrack(nodes, (track, lockKey) => holdsOne(track, tokens(lockKey))) ||
        !someTrack(nodes, ({ events }, lockKey) =>
          events.some(({ value, t }) => value !== undefined && isHeld(lockKey, t)),
        )),
    nodes: [...nodes.keys()].sort(),
    hasStrangers,
    gaps: (node) => nodes.get(node)?.gaps ?? [],
    delays: (node) => nodes.get(node)?.delays ?? [],
    track(name, lockKey) {
      const node = nodes.get(name)
      if (node === undefined) return undefined
      let track = node.chosen.get(lockKey)
      if (track === undefined) {
        track = choose(node.byLockKey.get(lockKey), tokens(lockKey)) ?? null
        node.chosen.set(lockKey, track)
      }
      return track ?? undefined
    },
  }
}

const someTrack = (nodes: ReadonlyMap<string, NodeRecord>, is: (track: Track, lockKey: string) => boolean): boolean =>
  [...nodes.values()].some(({ byLockKey }) =>
    [...byLockKey].some(([lockKey, tracks]) => [...tracks.values()].some((track) => is(track, lockKey))),
  )

interface NodeRecord {
  deposedNs: readonly number[]
  gaps: Gap[]
  delays: Delay[]
  byLockKey: Map<string, Tracks>
  /** The track that is the lock key's own; null for none. */
  chosen: Map<string, Track | null>
  /** Keys whose names tell nothing. */
  strangers: Tracks
  /** The lock key that a Redis key belongs to; null for none. */
  owners: Map<string, string | null>
  all: GrowingTrack[]
}

/** By the name on the node. */
type Tracks = Map<string, GrowingTrack>

interface GrowingTrack extends Track {
  events: KeyEvent[]
}

function mark(node: NodeRecord, event: KeyEvent): void {
  if (event.event === 'gap') node.gaps.push({ fromNs: event.t, toNs: Infinity, restarted: false })
  else {
    const gap = node.gaps.at(-1)
    if (gap) Object.assign(gap, { toNs: event.t, restarted: event.value === 'restarted' })
  }
  for (const track of node.all) track.events.push(event)
}

function tracksOf(node: NodeRecord, owner: string): Tracks {
  let tracks = node.byLockKey.get(owner)
  if (!tracks) node.byLockKey.set(owner, (tracks = new Map()))
  return tracks
}

function trackOf(node: NodeRecord, event: KeyEvent, among: Tracks): GrowingTrack {
  let track = among.get(event.key)
  if (!track) {
    among.set(event.key, (track = { node: event.process, key: event.key, events: [], deposedNs: node.deposedNs }))
    node.all.push(track)
  }
  return track
}

/** Gives strangers that hold a grant's token to that grant's key; true where some are left. */
function introduce(
  nodes: ReadonlyMap<string, NodeRecord>,
  lockKeys: readonly string[],
  tokens: (lockKey: string) => readonly string[],
): boolean {
  const records = [...nodes.values()]
  if (records.every(({ strangers }) => strangers.size === 0)) return false
  const byToken = new Map(lockKeys.flatMap((lockKey) => tokens(lockKey).map((token) => [token, lockKey] as const)))
  for (const node of records)
    for (const [name, track] of node.strangers) {
      const owner = ownerByToken(track, byToken)
      if (owner === undefined) continue
      node.strangers.delete(name)
      tracksOf(node, owner).set(name, track)
    }
  return records.some(({ strangers }) => strangers.size > 0)
}

function ownerByToken({ events }: Track, byToken: ReadonlyMap<string, string>): string | undefined {
  let samples = 0
  for (const { value } of events) {
    if (value === undefined) continue
    if (samples++ > samplesMax) return undefined
    for (const word of [value, ...value.split(' ')]) if (byToken.has(word)) return byToken.get(word)
  }
  return undefined
}

/** Longer names are no lock's: a bound on the work. */
const nameMaxChars = 512

/** The longest lock key that the name contains as a whole word. */
export function ownerOf(name: string, lockKeys: ReadonlySet<string>): string | null {
  if (name.length > nameMaxChars) return null
  const bounds: number[] = []
  for (let at = 0; at <= name.length; at++) if (isBoundary(name, at)) bounds.push(at)
  let longest: string | null = null
  for (const from of bounds)
    for (const to of bounds) {
      if (to - from <= (longest?.length ?? 0)) continue
      const word = name.slice(from, to)
      if (lockKeys.has(word)) longest = word
    }
  return longest
}

const isWordCharacter = (character: string | undefined) => character !== undefined && /[\p{L}\p{N}]/u.test(character)
const isBoundary = (name: string, at: number) => !(isWordCharacter(name[at - 1]) && isWordCharacter(name[at]))

/** Samples that are looked at to choose a track. */
const samplesMax = 200

function holdsOne({ events }: Track, tokens: readonly string[]): boolean {
  let samples = 0
  for (const { value } of events) {
    if (value === undefined) continue
    if (samples++ > samplesMax) return false
    if (tokens.some((token) => value.includes(token))) return true
  }
  return false
}

/** A list, a set or a sorted set, by the first write. */
const isLine = (events: readonly KeyEvent[]) => /^(z|[lr]push|sadd)/.test(events.find(writes)?.event ?? '')

function choose(tracks: Map<string, GrowingTrack> | undefined, tokens: readonly string[]): Track | undefined {
  if (!tracks) return undefined
  const score = ({ events }: Track) => {
    let exact = 0
    let within = 0
    let leased = 0
    let samples = 0
    for (const { event, value, pttlMs } of events) {
      if (event === 'expire' || event === 'expired' || (pttlMs ?? -1) >= 0) leased = 1
      if (value === undefined || samples++ > samplesMax) continue
      if (tokens.includes(value)) exact++
      else if (tokens.some((token) => value.includes(token))) within++
    }
    // A line of waiters holds their tokens as well, and is the lock only where nothing else can be.
    const told = exact * 1e6 + within * 1e3
    return isLine(events) ? leased + told / 1e9 : told + leased
  }
  // At equal scores the shorter name: `stock:1` rather than `stock:1:waiters`.
  return [...tracks.values()]
    .map((track) => ({ track, score: score(track) }))
    .sort((a, b) => b.score - a.score || a.track.key.length - b.track.key.length)[0]?.track
}

/** The sample that tells what the key was after this event. */
export function sampleAfter(events: readonly KeyEvent[], at: number): KeyEvent | undefined {
  for (let i = at + 1; i < events.length; i++) {
    const { event } = events[i]!
    if (event === 'sample') return events[i]
    if (event !== 'expire' && event !== 'persist') return undefined
  }
  return undefined
}

/** What a key holds by a sample of it. */
export const valueIn = (sample: KeyEvent | undefined): string | undefined =>
  sample?.pttlMs === -2 ? undefined : sample?.value

/** What the key held after this event, where a sample tells. */
export const valueAfter = (events: readonly KeyEvent[], at: number): string | undefined =>
  valueIn(sampleAfter(events, at))

/** The index of the last event that is not after `t`; -1 where all are. */
export const lastUpTo = (events: readonly KeyEvent[], t: number): number =>
  partitionPoint(events.length, (index) => events[index]!.t <= t) - 1
