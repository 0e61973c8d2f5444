/** How the time of a duel is dealt out: both sides have their turns in slices of equal length, A B B A A B B A …, so that what drifts drifts for both. */
export interface Timing {
  /** Slices of each side. */
  slices: number
  sliceMs: number
  /** Of rest after each slice, for what is under way to end in. */
  gapMs: number
}

/** `first` has the first slice of the duel. */
export type Turn = 'first' | 'second'

/** When a side's slices begin, in ms since the load began. */
export const slicesOf = (turn: Turn, { slices, sliceMs, gapMs }: Timing): number[] =>
  Array.from({ length: slices }, (_, slice) => {
    const leads = (slice % 2 === 0) === (turn === 'first')
    return (2 * slice + (leads ? 0 : 1)) * (sliceMs + gapMs)
  })

export const durationMs = ({ slices, sliceMs, gapMs }: Timing): number => 2 * slices * (sliceMs + gapMs)
