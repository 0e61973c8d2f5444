import type { Holds } from '../checkers/holds.ts'
import { tableOf } from './event-table.ts'
import { Samples } from './samples.ts'

/**
 * How long a lock stood free although somebody wanted it: from the invoke of a hold's release to the next grant of the same key, where
 * that grant had been asked for before the release. A hold that ended otherwise (expired, lost, its server died) hands nothing over, nor
 * does one that was still believed in when the next was granted. O(n).
 */
export function handoffs({ size, startNs, endNs, releaseNs, keyOf, keys, invokeAt, events }: Holds): Samples {
  const samples = new Samples(size)
  const { t } = tableOf(events)
  const latest = new Int32Array(keys.length).fill(-1)
  for (let next = 0; next < size; next++) {
    const key = keyOf[next]!
    const hold = latest[key]!
    latest[key] = next
    if (hold < 0 || endNs[hold] !== releaseNs[hold] || startNs[next]! < releaseNs[hold]!) continue
    const askedNs = t[invokeAt[next]!]
    if (askedNs !== undefined && askedNs < releaseNs[hold]!) samples.addNs(startNs[next]! - releaseNs[hold]!)
  }
  return samples
}
