/** What was counted of the keys of one pattern, in one pass. */
export interface Tally {
  keys: number
  /** Keys by what is left of their time, in the buckets of `ttlBounds`; the first are those without. */
  ttl: number[]
  /** Keys that live on for longer than the limit. */
  overLimit: number
  longestTtlMs: number
  /** Of the keys whose memory was asked. */
  sampledKeys: number
  sampledBytes: number
  /** Some keys to look at: without a TTL, with the longest, and any. */
  examples: { noTtl: string[]; overLimit: { key: string; ttlMs: number }[]; any: string[] }
}

/** Upper bounds in ms; before them stand the keys without a TTL, after them those with more. */
const ttlBounds = [1000, 10_000, 60_000, 600_000, 3_600_000, 86_400_000]
export const ttlLabels = ['no TTL', '≤ 1 s', '≤ 10 s', '≤ 1 min', '≤ 10 min', '≤ 1 h', '≤ 1 day', '> 1 day']

const examplesMax = 5

export const emptyTally = (): Tally => ({
  keys: 0,
  ttl: ttlLabels.map(() => 0),
  overLimit: 0,
  longestTtlMs: 0,
  sampledKeys: 0,
  sampledBytes: 0,
  examples: { noTtl: [], overLimit: [], any: [] },
})

/** `pttl` as Redis answers it: −1 without a TTL. */
export function count(tally: Tally, key: string, pttl: number, ttlLimitMs: number): void {
  tally.keys++
  const { examples } = tally
  if (examples.any.length < examplesMax) examples.any.push(key)
  if (pttl < 0) {
    tally.ttl[0]!++
    if (examples.noTtl.length < examplesMax) examples.noTtl.push(key)
    return
  }
  const bucket = ttlBounds.findIndex((bound) => pttl <= bound)
  tally.ttl[bucket < 0 ? ttlBounds.length + 1 : bucket + 1]!++
  if (pttl > tally.longestTtlMs) tally.longestTtlMs = pttl
  if (pttl <= ttlLimitMs) return
  tally.overLimit++
  keepLongest(examples.overLimit, { key, ttlMs: pttl })
}

function keepLongest(some: { key: string; ttlMs: number }[], one: { key: string; ttlMs: number }): void {
  if (some.length === examplesMax && some.at(-1)!.ttlMs >= one.ttlMs) return
  some.push(one)
  some.sort((a, b) => b.ttlMs - a.ttlMs)
  if (some.length > examplesMax) some.pop()
}

export function merge(into: Tally, from: Tally): void {
  into.keys += from.keys
  into.ttl = into.ttl.map((keys, bucket) => keys + from.ttl[bucket]!)
  into.overLimit += from.overLimit
  into.longestTtlMs = Math.max(into.longestTtlMs, from.longestTtlMs)
  into.sampledKeys += from.sampledKeys
  into.sampledBytes += from.sampledBytes
  for (const kind of ['noTtl', 'any'] as const)
    into.examples[kind] = [...into.examples[kind], ...from.examples[kind]].slice(0, examplesMax)
  for (const one of from.examples.overLimit) keepLongest(into.examples.overLimit, one)
}

/** By the mean of those that were asked. NaN where none was. */
export const bytesOf = ({ keys, sampledKeys, sampledBytes }: Tally): number =>
  keys === 0 ? 0 : (sampledBytes / sampledKeys) * keys
