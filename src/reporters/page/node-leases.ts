import type { Holds } from '../../checkers/holds.ts'
import { ownerOf, removals, writes } from '../../checkers/key-record.ts'
import type { KeyEvent } from '../../history/event.ts'
import { tableOf, type Events } from '../../history/event-table.ts'
import { holdsByToken, type DrawnHolds } from './drawn-holds.ts'
import { Packer } from './pack.ts'
import type { PageData } from './page-data.ts'

/** How a key ended on a node, in words for the picture. */
export const leaseEnds = ['there at the end', 'deleted', 'expired', 'evicted', 'overwritten', 'gone with its node']

const leasesMax = 20_000
const nearNs = 500e6

interface Lease {
  node: string
  key: number
  /** The history's hold whose token it has; -1 where nobody knows. */
  holder: number
  fromNs: number
  toNs: number
  end: number
  /** Whether it ever had a time to live, and so may be the lock and not a counter of it. */
  ends: boolean
}

interface OpenLease extends Lease {
  writtenNs: number
}

const endOf: Record<string, number> = { del: 1, expired: 2, evicted: 3 }

/**
 * When which node had which key, and for whom: what the nodes themselves reported to the harness (KeyEvent), in intervals from the write to the
 * end. Whose it is tells the token in a sampled value.
 */
export function nodeLeases(events: Events, holds: Holds, drawn: DrawnHolds) {
  const all = chooseTracks(leasesOf(events, holds))
  const nodes = [...new Set(all.map(({ node }) => node))].toSorted((a, b) =>
    a.localeCompare(b, 'en', { numeric: true }),
  )
  const near = (lease: Lease) =>
    drawn.around[lease.key]!.some(({ fromNs, toNs }) => lease.fromNs < toNs + nearNs && lease.toNs > fromNs - nearNs)
  let chosen = all
  if (all.length > leasesMax) {
    const first = all.filter(near).slice(0, leasesMax)
    const every = Math.ceil((all.length - first.length) / Math.max(1, leasesMax - first.length))
    const some = new Set(first)
    chosen = all.filter((lease, index) => some.has(lease) || (first.length < leasesMax && index % every === 0))
  }
  const packer = new Packer()
  let last = 0
  for (const { node, key, holder, fromNs, toNs, end } of chosen.toSorted((a, b) => a.fromNs - b.fromNs)) {
    const from = Math.max(0, Math.round(fromNs / 1000))
    packer.add(from - last)
    packer.add(Math.max(0, Math.round(toNs / 1000) - from))
    packer.add(key * nodes.length + nodes.indexOf(node))
    packer.add(holder < 0 ? 0 : drawn.numberOf[holder]! + 1)
    packer.add(end)
    last = from
  }
  return { nodes, leases: { count: chosen.length, of: all.length, packed: packer.text() } satisfies PageData['leases'] }
}

/** By node and name on the node. */
type Tracks = Map<string, Lease[]>

function leasesOf(events: Events, holds: Holds): Tracks {
  const known = new Set(holds.keys)
  const keyIds = new Map(holds.keys.map((key, id) => [key, id]))
  const byToken = holdsByToken(holds)
  const owners = new Map<string, string | null>()
  const tracks: Tracks = new Map()
  const open = new Map<string, OpenLease>()
  const endNs = events.at(-1)?.t ?? 0
  const close = (id: string, lease: OpenLease, toNs: number, end: number) => {
    const { writtenNs: _, ...closed } = lease
    const track = tracks.get(id)
    const ended = { ...closed, toNs, end }
    if (track) track.push(ended)
    else tracks.set(id, [ended])
    open.delete(id)
  }
  for (const event of tableOf(events).others()) {
    if (event.f === 'topology' && event.event === 'down') {
      for (const [id, lease] of open) if (lease.node === event.node) close(id, lease, event.t, 5)
      continue
    }
    if (event.f !== 'key' || event.key === '' || event.event === 'left') continue
    let owner = owners.get(event.key)
    if (owner === undefined) owners.set(event.key, (owner = ownerOf(event.key, known)))
    if (owner === null) continue
    const id = `${event.process}\n${event.key}`
    const lease = open.get(id)
    if (removals.has(event.event)) {
      if (lease) close(id, lease, event.t, endOf[event.event] ?? 1)
    } else if (writes(event)) {
      // Whose it was is only known of what stood there when its value was told.
      if (lease?.holder === -1 && event.event === 'set') close(id, lease, event.t, 4)
      const standing = open.get(id)
      if (standing) standing.writtenNs = event.t
      else open.set(id, begun(event, keyIds.get(owner)!))
    } else if (event.event === 'sample' && lease) {
      if ((event.pttlMs ?? -1) > 0) lease.ends = true
      const holder = holderOf(event.value, byToken) ?? -1
      if (holder === -1 || holder === lease.holder) continue
      if (lease.holder === -1) lease.holder = holder
      else {
        close(id, lease, lease.writtenNs, 4)
        open.set(id, { ...begun(event, lease.key), fromNs: lease.writtenNs, holder, ends: lease.ends })
      }
    }
  }
  for (const [id, lease] of open) close(id, lease, endNs, 0)
  return tracks
}

const begun = ({ process, t }: KeyEvent, key: number): OpenLease => ({
  node: process,
  key,
  holder: -1,
  fromNs: t,
  toNs: t,
  writtenNs: t,
  end: 0,
  ends: false,
})

/** Whose a key is by its value: that is a token, or has one among its words. */
export function holderOf<Holder>(value: string | undefined, byToken: ReadonlyMap<string, Holder>): Holder | undefined {
  if (value === undefined) return undefined
  for (const word of [value, ...value.split(' ')]) {
    const holder = byToken.get(word)
    if (holder !== undefined) return holder
  }
  return undefined
}

/** Besides its key a lock may keep counters and queues: what ever held a token is the lock, or else what has a time to live. */
function chooseTracks(tracks: Tracks): Lease[] {
  const all = [...tracks.values()]
  const told = new Set(all.filter((track) => track.some(({ holder }) => holder >= 0)).map(([lease]) => lease!.key))
  return all
    .filter((track) => {
      const tells = track.some(({ holder }) => holder >= 0)
      return told.has(track[0]!.key) ? tells : track.some(({ ends }) => ends)
    })
    .flat()
}
