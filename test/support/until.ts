import { setTimeout as sleep } from 'node:timers/promises'

/** Waits for what must come true; generous, because it bounds only a failure. */
export async function until(condition: () => boolean | Promise<boolean>, timeoutMs = 30_000): Promise<void> {
  for (const endMs = performance.now() + timeoutMs; performance.now() < endMs; await sleep(10))
    if (await condition()) return
  throw new Error(`still not so after ${timeoutMs} ms: ${condition.toString()}`)
}
