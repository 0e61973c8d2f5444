import { addTo, sumOf, type Counts } from './counts.ts'
import type { LockTally } from './lock-tally.ts'
import type { PatternName } from './patterns/index.ts'
import { Spread } from './spread.ts'

const familiesMax = 200

/** Keys that differ only in their numbers: `lock:order:17` and `lock:order:18` are `lock:order:*`. */
export interface Family {
  name: string
  pattern: PatternName
  keys: number
  counts: Counts
  holds: Spread
}

export class Families {
  readonly #byName = new Map<string, Family>()

  /** @param earlier what else counts; it stays as it is */
  constructor(earlier?: Families) {
    for (const family of earlier?.all() ?? []) this.#add(family.name, family)
  }

  add(tally: LockTally, pattern: PatternName): void {
    this.#add(familyOf(tally.id.key), { pattern, keys: 1, counts: tally.counts(), holds: tally.holds })
  }

  #add(wanted: string, { pattern, keys, counts, holds }: Omit<Family, 'name'>): void {
    const name = this.#byName.has(wanted) || this.#byName.size < familiesMax ? wanted : '*'
    let family = this.#byName.get(name)
    if (family === undefined)
      this.#byName.set(name, (family = { name, pattern, keys: 0, counts: sumOf([]), holds: new Spread() }))
    family.keys += keys
    addTo(family.counts, counts)
    family.holds.add(holds)
  }

  get keys(): number {
    return this.all().reduce((sum, { keys }) => sum + keys, 0)
  }

  /** The busiest first. */
  all(): Family[] {
    return [...this.#byName.values()].toSorted((a, b) => b.counts.attempts - a.counts.attempts)
  }
}

/** Ids are numbers, UUIDs, and long words of hex digits. */
const familyOf = (key: string): string =>
  key.replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9a-f]{16,}\b|\d+/gi, '*')
