/** One acquisition; times are ns on CLOCK_MONOTONIC, which is one clock for all processes, since the run's start. */
export interface Turn {
  server: string
  asked: number
  granted: number
  /** The work is done; the call that frees the lock starts now. */
  releasing: number
  released: number
}

export interface Stampede {
  grants: number
  /** From the first request to the last release's end. */
  wallMs: number
  /** The median of what was measured, not what was asked for. */
  holdMs: number
  /** The sum of all holds / wall time: 1 would be a lock that costs nothing. */
  serialShare: number
  /** From the start of a release to the next grant, ascending. */
  handOversMs: number[]
  /** Jain's index over the servers' shares in the first half of the grants: 1 is even, 1/servers is all to one. */
  fairness: number
  /** Grants that came before the previous holder had begun to release. */
  overlaps: number
}

export function stampede(turns: Turn[], servers: string[]): Stampede {
  const inOrder = turns.toSorted((a, b) => a.granted - b.granted)
  const holds = inOrder.map(({ granted, releasing }) => (releasing - granted) / 1e6)
  const gaps = inOrder.slice(1).map(({ granted }, index) => (granted - inOrder[index]!.releasing) / 1e6)
  const wallMs = (max(inOrder.map(({ released }) => released)) - min(inOrder.map(({ asked }) => asked))) / 1e6
  const firstHalf = inOrder.slice(0, Math.ceil(inOrder.length / 2))
  return {
    grants: inOrder.length,
    wallMs,
    holdMs: median(holds),
    serialShare: holds.reduce((sum, hold) => sum + hold, 0) / wallMs,
    handOversMs: gaps.toSorted((a, b) => a - b),
    fairness: jain(servers.map((server) => firstHalf.filter((turn) => turn.server === server).length)),
    overlaps: gaps.filter((gap) => gap < 0).length,
  }
}

/** Jain, Chiu, Hawe: A Quantitative Measure of Fairness and Discrimination (1984). */
export function jain(shares: number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0)
  const squares = shares.reduce((total, share) => total + share * share, 0)
  return squares === 0 ? NaN : (sum * sum) / (shares.length * squares)
}

/** The value below which a part `q` of the ascending values lies (nearest rank). */
export const quantile = (ascending: number[], q: number): number =>
  ascending[Math.max(0, Math.ceil(q * ascending.length) - 1)] ?? NaN

export const median = (values: number[]): number =>
  quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  )

// Spread arguments have a limit, so no Math.max(...values).
const max = (values: number[]) => values.reduce((a, b) => Math.max(a, b), -Infinity)
const min = (values: number[]) => values.reduce((a, b) => Math.min(a, b), Infinity)
