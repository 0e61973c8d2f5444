import { setTimeout as sleep } from 'node:timers/promises'

/** Waits, or less where the signal aborts: polling locks look at the signal themselves. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {})
}
