import { setTimeout as sleep } from 'node:timers/promises'

const pollMs = 20

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
