/**
 * The host's CLOCK_MONOTONIC, which is one clock for all processes of a machine: times taken in the controller, in servers and in
 * programs behind `stdio:` compare. Nothing here follows the wall clock, which may jump.
 */

/** ns on CLOCK_MONOTONIC. */
export const monotonicNs = (): bigint => process.hrtime.bigint()

const nsPerSecond = 1_000_000_000n

/**
 * ns since the drill's start, as a number: exact for the first 104 days. Takes the pair of `process.hrtime()` because that costs less
 * than a bigint, and this is called for every event.
 */
export function drillClock(startNs: bigint): () => number {
  const startSeconds = Number(startNs / nsPerSecond)
  const startRest = Number(startNs % nsPerSecond)
  return () => {
    const [seconds, rest] = process.hrtime()
    return (seconds - startSeconds) * 1e9 + (rest - startRest)
  }
}
