import { isDefinite } from '../definite.ts'
import { pause } from '../pause.ts'

/**
 * Tries until it is granted, or until `waitMs` is over; 0 is one try. What definitely was not applied (the server is away, or refuses)
 * may be tried again and is thrown in the end; what nobody knows is thrown at once. `pauseMs` between two tries.
 */
export async function until<Granted>(
  { waitMs, signal }: { waitMs: number; signal: AbortSignal },
  tryOnce: () => Promise<Granted | null>,
  wait: (leftMs: number) => Promise<unknown>,
): Promise<Granted | null> {
  const giveUpAt = performance.now() + waitMs
  for (;;) {
    const granted = await tryOnce().catch((error: unknown) => {
      if (!isDefinite(error) || performance.now() >= giveUpAt) throw error
      return null
    })
    if (granted !== null) return granted
    const leftMs = giveUpAt - performance.now()
    if (signal.aborted || leftMs <= 0) return null
    await wait(leftMs)
  }
}

/** Not all at once: half to one and a half of `pollMs`. */
export const jittered =
  (pollMs: number, signal: AbortSignal) =>
  (leftMs: number): Promise<void> =>
    pause(Math.min(leftMs, pollMs * (0.5 + Math.random())), signal)
