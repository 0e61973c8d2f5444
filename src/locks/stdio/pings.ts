import { setTimeout as sleep } from 'node:timers/promises'
import type { Answered, Conversation } from './conversation.ts'
import type { pipeLag } from './lag.ts'

/** The first pings follow each other at once, so that a lag is known before the load begins; later ones come at this pace. */
const firstPings = 20
const pingEveryMs = 200
const firstPingsWithinMs = 1000

/** Pings the program, one at a time: one that is not answered is the last. `first` is bounded. */
export function pinging(conversation: Conversation, lag: ReturnType<typeof pipeLag>) {
  const over = new AbortController()
  let leaveOut = false
  let leftOut = 0
  const firstDone = Promise.withResolvers<void>()

  async function run(): Promise<void> {
    while (!over.signal.aborted) {
      const outBefore = leftOut
      const read = ({ writtenNs, readNs }: Answered<'ping'>) => Number(readNs - writtenNs)
      const roundTripNs = await conversation.ask('ping', {}, { read }).outcome
      if (!leaveOut && leftOut === outBefore) lag.add(roundTripNs)
      if (lag.samples() < firstPings) continue
      firstDone.resolve()
      await sleep(pingEveryMs, undefined, { signal: over.signal })
    }
  }
  // The end of the program, or our own: there is nothing left to measure.
  run().catch(() => firstDone.resolve())

  return {
    first: Promise.race([firstDone.promise, sleep(firstPingsWithinMs, undefined, { signal: over.signal })]).catch(
      () => {},
    ),
    stop: () => over.abort(),
    leaveOut(on: boolean) {
      leaveOut = on
      leftOut++
    },
  }
}
