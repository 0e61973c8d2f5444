/** What is counted of a lock. */
export interface Counts {
  attempts: number
  acquisitions: number
  refused: number
  renewals: number
  reentries: number
  /** Grants without a time to live. */
  without_ttl: number
  /** Holds by how they ended (hold.ts). */
  released: number
  late_releases: number
  left_to_expire: number
  deleted_by_others: number
  overwritten: number
  flushed: number
  gone: number
  open_at_the_end: number
  held_before: number
  foreign_releases: number
  stray_releases: number
  overlaps: number
  /** Tokens that were refused and never granted; absent where each attempt had a token of its own. */
  gave_up?: number
}

export function sumOf(all: readonly Counts[]): Counts {
  const total = { ...nothing }
  for (const counts of all) addTo(total, counts)
  return total
}

export function addTo(total: Counts, counts: Counts): void {
  for (const name of names) total[name] += counts[name]
  if (counts.gave_up !== undefined) total.gave_up = (total.gave_up ?? 0) + counts.gave_up
}

const nothing: Counts = {
  attempts: 0,
  acquisitions: 0,
  refused: 0,
  renewals: 0,
  reentries: 0,
  without_ttl: 0,
  released: 0,
  late_releases: 0,
  left_to_expire: 0,
  deleted_by_others: 0,
  overwritten: 0,
  flushed: 0,
  gone: 0,
  open_at_the_end: 0,
  held_before: 0,
  foreign_releases: 0,
  stray_releases: 0,
  overlaps: 0,
}

const names = Object.keys(nothing) as Exclude<keyof Counts, 'gave_up'>[]
