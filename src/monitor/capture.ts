import type { Call } from './call.ts'
import { ttlOfSet } from './patterns/compare.ts'
import { Calls, type Traffic } from './calls.ts'
import { Families } from './family.ts'
import { HoldBook } from './hold-book.ts'
import { Lines } from './lines.ts'
import { LockTally } from './lock-tally.ts'
import { recognise } from './patterns/index.ts'

/** Keys whose story is told one by one; what is told of those beyond it is told of their families. */
const keysMax = 5_000
/** Connections that are counted. */
const clientsMax = 100_000
/** Of the flow of attempts and grants: a day of seconds. */
const secondsMax = 86_400

/**
 * A capture as it streams by: takes bytes, keeps what is needed of the locks in them. Memory is bounded by what it tells apart (keys, clients, holds),
 * not by what it reads.
 */
export class Capture {
  bytes = 0
  readonly tallies = new Map<string, LockTally>()
  /** Of keys that had to make room, and that are surely locks, and of those that nobody ever wanted twice. */
  readonly families = new Families()
  readonly marks = new Families()
  readonly holds = new HoldBook()
  /** Attempts and grants a second, from the first second on. */
  readonly flow = { firstS: 0, attempts: [] as number[], grants: [] as number[] }
  /** That had to do with a lock. */
  readonly clients = new Set<string>()
  readonly #calls: Calls
  readonly #lines: Lines
  #ended = false

  constructor() {
    this.#calls = new Calls({
      isLock: (db, key) => this.tallies.has(nameOf(db, key)),
      onCall: (call) => this.#onCall(call),
    })
    this.#lines = new Lines(this.#calls.take)
  }

  get traffic(): Traffic {
    return this.#calls.traffic
  }

  get overlong(): number {
    return this.#lines.overlong
  }

  take(chunk: Buffer): void {
    this.bytes += chunk.length
    this.#lines.take(chunk)
  }

  /** No more will come. */
  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#lines.end()
    this.#calls.flush()
    for (const tally of this.tallies.values()) tally.lock.finish(this.traffic.lastUs)
  }

  #onCall(call: Call): void {
    if (call.name === 'FLUSHALL' || call.name === 'FLUSHDB') return this.#flush(call)
    const sighting = recognise(call)
    if (sighting === undefined) return this.#others(call)
    const { pattern, sure, because, operations, reveals = false } = sighting
    for (const operation of operations) {
      const known = this.tallies.get(nameOf(call.db, operation.key))
      const opens = operation.kind === 'attempt' || (reveals && operation.outcome === 'done')
      const tally = known ?? (opens ? this.#open(call.db, operation.key) : undefined)
      if (tally === undefined) continue
      tally.sign(pattern, sure, because)
      tally.seen(call.atUs)
      if (operation.kind === 'attempt') this.#count(this.flow.attempts, call.atUs)
      tally.lock.apply(operation, call.client, call.atUs)
    }
  }

  /** What else may happen to a lock's key. */
  #others({ name, args, client, atUs, db }: Call): void {
    const [key = '', second = '', third = ''] = args
    const lock = this.tallies.get(nameOf(db, key))?.lock
    if (name === 'SET') lock?.overwrite(second, client, atUs, ttlOfSet(args, atUs))
    else if (name === 'GETSET') lock?.overwrite(second, client, atUs, undefined)
    else if (name === 'SETEX') lock?.overwrite(third, client, atUs, Number(second) * 1000)
    else if (name === 'PSETEX') lock?.overwrite(third, client, atUs, Number(second))
    else if (name === 'GETDEL' || name === 'RENAME')
      lock?.apply({ kind: 'release', key, token: undefined, outcome: 'unseen' }, client, atUs)
  }

  #flush({ name, db, atUs }: Call): void {
    for (const tally of this.tallies.values()) if (name === 'FLUSHALL' || tally.id.db === db) tally.lock.flush(atUs)
  }

  #open(db: number, key: string): LockTally {
    if (this.tallies.size >= keysMax) this.#makeRoom()
    const tally = new LockTally(
      { db, key },
      {
        client: (name) => {
          if (this.clients.size < clientsMax) this.clients.add(name)
        },
        over: (of, hold) => {
          if (hold.before) return
          this.#count(this.flow.grants, hold.grantedUs)
          this.holds.add(of.id, hold)
        },
      },
    )
    this.tallies.set(nameOf(db, key), tally)
    return tally
  }

  /** A tenth of the keys go: those that nobody wanted twice, then those that have been quiet, the oldest first. */
  #makeRoom(): void {
    const wanted = keysMax / 10
    const all = [...this.tallies]
    const gone = new Map(all.filter(([, { attempts, lock }]) => attempts <= 1 && lock.waiting === 0).slice(0, wanted))
    const quiet = all.toSorted(([, one], [, other]) => one.lastUs - other.lastUs)
    for (const [name, tally] of quiet.slice(0, wanted)) if (gone.size < wanted) gone.set(name, tally)
    for (const [name, tally] of gone) {
      this.tallies.delete(name)
      tally.lock.finish(this.traffic.lastUs)
      const { name: pattern, sure } = tally.pattern()
      ;(sure === 'possible' ? this.marks : this.families).add(tally, pattern)
    }
  }

  #count(perSecond: number[], atUs: number): void {
    const { flow } = this
    if (flow.firstS === 0) flow.firstS = Math.floor(this.traffic.firstUs / 1e6)
    const second = Math.floor(atUs / 1e6) - flow.firstS
    if (second < 0 || second >= secondsMax) return
    perSecond[second] = (perSecond[second] ?? 0) + 1
  }
}

const nameOf = (db: number, key: string) => (db === 0 ? key : `${db} ${key}`)
