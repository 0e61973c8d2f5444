import { shownKey } from '../audit/words.ts'
import { clean, type Cleaned } from '../clean/clean.ts'
import { renderClean } from '../clean/text.ts'
import { UsageError } from '../lib/failure.ts'
import { toBytes } from '../live/resp.ts'
import type { Target } from '../live/target.ts'

export interface CleanFlags {
  pattern: string
  yes: boolean
  removed: string | undefined
  lookAfterMs: number | undefined
  ttlLimitMs: number
  rate: number
  format: 'text' | 'json' | 'html'
  signal: AbortSignal
  status(text: string): void
}

/** A holder renews at a third of its lease, or at half: that covers leases of a minute. */
const lookAfterMinMs = 30_000
const beyondMs = 2000

/** `audit --clean`: one node after the other. Gives the exit code: 0, or 3 where it was not done to the end. */
export async function cleanNodes(targets: readonly Target[], flags: CleanFlags): Promise<number> {
  const { pattern, yes, ttlLimitMs, lookAfterMs = Math.max(ttlLimitMs, lookAfterMinMs) + beyondMs } = flags
  if (/^[*?]*$/.test(pattern))
    throw new UsageError(`--clean ${pattern || "''"} means every key there is; name a prefix, as 'lock:*'`)
  if (flags.format === 'html') throw new UsageError('--clean prints text or json; leave out --format html')
  if (lookAfterMs < ttlLimitMs)
    throw new UsageError(
      '--look-after is at least --ttl-limit: what has not changed by then is older than a lock should be',
    )
  if (flags.removed !== undefined && !yes)
    throw new UsageError('--removed is for what --yes removes; a dry run removes nothing')
  const file = flags.removed ?? `picklock-removed-${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}.ndjson`
  const all: Cleaned[] = []
  for (const [index, target] of targets.entries()) {
    const cleaned = await clean({
      target,
      glob: toBytes(pattern),
      ttlLimitMs,
      lookAfterMs,
      rate: flags.rate,
      removedFile: yes ? (index === 0 ? file : `${file}.${index + 1}`) : undefined,
      signal: flags.signal,
      status: flags.status,
    })
    all.push(cleaned)
    if (cleaned.notDone !== null) break
  }
  if (flags.format === 'json') process.stdout.write(`${JSON.stringify(all.map(shown), null, 2)}\n`)
  else for (const cleaned of all) process.stdout.write(renderClean(cleaned))
  for (const { notDone } of all) if (notDone !== null) process.stderr.write(`picklock: ${notDone}\n`)
  return all.some(({ notDone }) => notDone !== null) ? 3 : 0
}

const shown = (cleaned: Cleaned) => ({
  ...cleaned,
  pattern: shownKey(cleaned.pattern),
  examples: cleaned.examples.map(shownKey),
})
