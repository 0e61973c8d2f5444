import { humanBytes, humanShare, humanSpan, counted, grouped, shownKey } from '../audit/words.ts'
import type { Leak } from './book.ts'
import type { Memory } from './memory.ts'
import type { Summary } from './summary.ts'
import type { Back, Look, Lost } from './watch.ts'

/** For a program: a line of JSON for each leak, each alarm, and one for the look itself. */
export function jsonLines({ node, at, how, locks, withoutTtl, counts, leaks, memory, alarm }: Look): string {
  const time = at.toISOString()
  const rounded = (value: number | undefined) => (value === undefined || Number.isNaN(value) ? null : Math.round(value))
  const lines = [
    ...leaks.map(({ what, key, seenForMs, ttlMs }) => ({
      type: what,
      at: time,
      node,
      key: shownKey(key),
      seenForMs: Math.round(seenForMs),
      ...(ttlMs !== undefined && { ttlMs }),
    })),
    ...(alarm ? [{ type: 'alarm', at: time, node, share: memory.share }] : []),
    {
      type: 'look',
      at: time,
      node,
      how,
      locks,
      withoutTtl,
      ...counts,
      usedBytes: rounded(memory.usedBytes),
      limitBytes: memory.limitBytes,
      limitIs: memory.limitIs,
      bytesPerSecond: rounded(memory.bytesPerSecond),
      leftMs: rounded(memory.leftMs),
    },
  ]
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('')
}

export const jsonLost = ({ node, at, why }: Lost): string =>
  `${JSON.stringify({ type: 'lost', at: at.toISOString(), node, why })}\n`

export const jsonBack = ({ node, at, lostForMs, unseen }: Back): string =>
  `${JSON.stringify({ type: 'back', at: at.toISOString(), node, lostForMs, unseen })}\n`

export const jsonSummary = (summary: Summary): string =>
  `${JSON.stringify({ type: 'summary', ...summary, leaks: summary.leaks.map((leak) => ({ ...leak, key: shownKey(leak.key) })) })}\n`

/** The line at the bottom of a terminal: as much as it has room for, from what matters most. */
export function statusLine(
  { locks, withoutTtl, counts, memory }: Pick<Look, 'locks' | 'withoutTtl' | 'counts' | 'memory'>,
  width: number,
): string {
  const { set, deleted, expired, evicted, renewed, unseen } = counts
  const some = (count: number, what: string) => (count > 0 ? [`${grouped(count)} ${what}`] : [])
  const there = `${counted(locks, 'lock')}${withoutTtl > 0 ? `, ${grouped(withoutTtl)} without TTL` : ''}`
  const bad = [`${grouped(expired)} expired`, ...some(evicted, 'evicted')].join(' · ')
  const good = [`${grouped(set)} set`, `${grouped(deleted)} deleted`].join(' · ')
  const more = [...some(renewed, 'renewed'), ...some(unseen, 'unseen')]
  const all = [good, bad, ...more].join(' · ')
  const versions = [
    [there, all, memoryText(memory)],
    [there, all, shortMemory(memory)],
    [there, [good, bad].join(' · '), shortMemory(memory)],
    [there, bad, shortMemory(memory)],
    [there, bad],
  ].map((parts) => parts.join(' │ '))
  return versions.find((version) => version.length <= width) ?? versions.at(-1)!
}

/** What is full later is no matter of this minute. */
const dayMs = 86_400_000

function shortMemory({ usedBytes, share, leftMs }: Memory): string {
  if (Number.isNaN(usedBytes)) return 'memory unknown'
  const used = Number.isNaN(share) ? humanBytes(usedBytes) : `${humanShare(share)} of memory`
  return leftMs === undefined || leftMs > dayMs ? used : `${used}, full in ${humanSpan(leftMs)}`
}

export function memoryText({ usedBytes, limitBytes, limitIs, share, bytesPerSecond, leftMs }: Memory): string {
  if (Number.isNaN(usedBytes)) return 'memory unknown'
  const of = limitBytes === 0 ? '' : ` of ${humanBytes(limitBytes)}${limitIs === 'machine' ? ' (the machine’s)' : ''}`
  const growth =
    bytesPerSecond === undefined ? '' : `, ${bytesPerSecond >= 0 ? '+' : ''}${humanBytes(bytesPerSecond * 60)}/min`
  return `${Number.isNaN(share) ? '' : `${humanShare(share)}, `}${humanBytes(usedBytes)}${of}${growth}${leftMs === undefined ? '' : `, full in ${humanSpan(leftMs)}`}`
}

export const lostText = ({ why, tryingForMs }: Lost): string =>
  `${why}; trying again for up to ${humanSpan(tryingForMs)}`

export const backText = ({ node, lostForMs, unseen }: Back): string =>
  `${node} is back after ${humanSpan(lostForMs)}${unseen > 0 ? `; ${counted(unseen, 'lock')} went meanwhile, nobody saw how` : ''}; what came and went in between was not seen`

/** What stays on the screen. */
export const leakText = ({ what, key, seenForMs, ttlMs }: Leak): string =>
  ({
    expired: `expired: ${shownKey(key)} was never given back${seenForMs > 0 ? `; seen for ${humanSpan(seenForMs)}` : ''}`,
    evicted: `evicted: ${shownKey(key)} was thrown away while it was held`,
    'no-ttl': `no TTL: ${shownKey(key)} stays for ever if its holder is gone`,
    'over-limit': `long: ${shownKey(key)} lives on for ${humanSpan(ttlMs ?? 0)}`,
  })[what]

/** For a person, at the end. */
export function summaryLines(summary: Summary): string[] {
  const {
    node,
    how,
    forMs,
    counts,
    locks,
    withoutTtl,
    overLimit,
    locksMax,
    gaps,
    usedBytes,
    usedMaxBytes,
    limitBytes,
    alarms,
  } = summary
  return [
    `${node}, watched for ${humanSpan(forMs)} by ${how}`,
    `${counts.set} set · ${counts.renewed} renewed · ${counts.deleted} deleted · ${counts.expired} expired · ${counts.evicted} evicted`,
    `${counted(locks, 'lock')} there at the end, ${locksMax} at most; ${withoutTtl} without a TTL, ${overLimit} over the limit`,
    `memory ${humanBytes(usedBytes)}, at most ${humanBytes(usedMaxBytes)}${limitBytes > 0 ? ` of ${humanBytes(limitBytes)}` : ''}${alarms > 0 ? `; the alarm's level was reached ${counted(alarms, 'time')}` : ''}`,
    ...(gaps.count > 0
      ? [
          `the connection was lost ${gaps.count === 1 ? 'once' : counted(gaps.count, 'time')}, for ${humanSpan(gaps.forMs)}${counts.unseen > 0 ? `; ${counted(counts.unseen, 'lock')} went meanwhile, nobody saw how` : ''}`,
        ]
      : []),
    counts.expired > 0
      ? `${counts.expired} ${counts.expired === 1 ? 'lock was' : 'locks were'} never given back: a crash, a lease that was overrun, or a release that is missing`
      : counts.evicted > 0
        ? `${counted(counts.evicted, 'lock')} ${counts.evicted === 1 ? 'was' : 'were'} thrown away while held: memory was short`
        : `every lock that went${gaps.count > 0 ? ' while it watched' : ''} was given back`,
  ]
}
