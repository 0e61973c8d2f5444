import type { LockTally } from './lock-tally.ts'
import type { PatternName } from './patterns/index.ts'
import { Spread } from './spread.ts'

const familiesMax = 200

/** Keys that differ only in their numbers: `lock:order:17` and `lock:order:18` are `lock:order:*`. */
export interface Family {
  name: string
  pattern: PatternName
  keys: number
  attempts: number
  acquisitions: number
  withoutTtl: number
  overlaps: number
  holds: Spread
}

export class Families {
  readonly #byName = new Map<string, Family>()

  add(tally: LockTally, pattern: PatternName): void {
    const wanted = familyOf(tally.id.key)
    const name = this.#byName.has(wanted) || this.#byName.size < familiesMax ? wanted : '*'
    let family = this.#byName.get(name)
    if (family === undefined)
      this.#byName.set(
        name,
        (family = {
          name,
          pattern,
          keys: 0,
          attempts: 0,
          acquisitions: 0,
          withoutTtl: 0,
          overlaps: 0,
          holds: new Spread(),
        }),
      )
    family.keys++
    family.attempts += tally.attempts
    family.acquisitions += tally.acquisitions
    family.withoutTtl += tally.withoutTtl
    family.overlaps += tally.overlaps
    family.holds.add(tally.holds)
  }

  get keys(): number {
    return this.all().reduce((sum, { keys }) => sum + keys, 0)
  }

  all(): Family[] {
    return [...this.#byName.values()].toSorted((a, b) => b.attempts - a.attempts)
  }
}

/** Ids are numbers, UUIDs, and long words of hex digits. */
export const familyOf = (key: string): string =>
  key.replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9a-f]{16,}\b|\d+/gi, '*')
