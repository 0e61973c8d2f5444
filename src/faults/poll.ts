import { setTimeout as sleep } from 'node:timers/promises'

const pollMs = 20
/** As long as one fault may keep another one's heal waiting. */
const insistMs = 15_000

/** Asks until it is so, at most for `timeoutMs` or until the signal aborts; → whether it came to be so. A question that throws is a no. */
export async function poll(
  timeoutMs: number,
  signal: AbortSignal | undefined,
  isSo: () => Promise<boolean>,
): Promise<boolean> {
  for (const endMs = performance.now() + timeoutMs; ;) {
    if (await isSo().catch(() => false)) return true
    if (performance.now() > endMs || signal?.aborted) return false
    await sleep(pollMs, undefined, { signal }).catch(() => {})
  }
}

/** Does it again until it succeeds: a node that another fault has slow, full or paused at this moment takes it later. Rejects with what the last try threw. */
export async function insist(act: () => Promise<unknown>): Promise<void> {
  let failure: unknown
  const done = await poll(insistMs, undefined, async () => {
    try {
      await act()
      return true
    } catch (error) {
      failure = error
      return false
    }
  })
  if (!done) throw failure
}
