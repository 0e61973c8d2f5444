import type { Hold, Waiter } from './hold.ts'

/** What a key's story tells of it; lock-tally.ts counts it. */
export interface Story {
  /** `again`: by somebody who had been refused before. */
  attempt(client: string, again: boolean): void
  /** A grant that counts; `undone` takes it back. */
  granted(hold: Hold): void
  undone(hold: Hold): void
  reentered(): void
  renewed(hold: Hold | undefined): void
  /** A hold is over, and nothing more will be heard of it. */
  over(hold: Hold): void
  overlap(first: Hold, second: Hold, untilUs: number): void
  /** Another than its holder took the key away; `from` is whose it was. */
  foreignRelease(client: string, from: Hold, atUs: number): void
  /** A release by a token that had nothing. */
  strayRelease(): void
  /** Somebody stopped asking without having got it. */
  gaveUp(waiter: Waiter): void
}
