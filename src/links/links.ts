import type { RawConnection } from '../lib/raw-connection.ts'
import type { Address } from '../locks/lock.ts'

/**
 * The Toxiproxy side: one proxy per directed link. Names are `server-1→redis-2` and, for what nodes say to each other, the cluster
 * link `cluster→redis-2`.
 */
export interface Links extends AsyncDisposable {
  /** Creates the links in one request; their listening ports come from the drill's block and are known afterwards. */
  open(specs: { from: string; to: string; upstream: Address }[]): Promise<Link[]>
  /** Takes over those of these links that Toxiproxy has already; the others are left out. */
  adopt(specs: { from: string; to: string }[]): Promise<Link[]>
  get(name: string): Link
  all(): Link[]
  /** Where Toxiproxy's API answers; empty until the first links are open. */
  readonly api: string
  /** Toxiproxy's; empty until the first links are open. */
  readonly version: string
}

export interface Link extends Address {
  name: string
  from: string
  to: string
  /** A toxic of Toxiproxy's on this link; disposing of the result removes it. Both reject where Toxiproxy does not answer in time. */
  addToxic(toxic: {
    type: string
    stream: 'upstream' | 'downstream'
    attributes: Record<string, number>
  }): Promise<AsyncDisposable>
  /** Refuses new connections and closes the present ones; disposing of the result opens the link again. Nested cuts count. */
  cut(): Promise<AsyncDisposable>
  /** Whether a cut of it is not healed yet. */
  readonly isCut: boolean
  /** Leads to another address from now on (a node had to take another port); closes the present connections. */
  retarget(upstream: Address): Promise<void>
  /** One PING through the link on a connection of its own: the round trip in ms, or why it failed. Bounded by `timeoutMs`. */
  ping(timeoutMs: number): Promise<{ ok: true; ms: number } | { ok: false; error: string }>
  /** A connection of its own through the link, authenticated, to feel what becomes of it. Rejects where it does not stand in `timeoutMs`. */
  dial(timeoutMs: number): Promise<RawConnection>
}
