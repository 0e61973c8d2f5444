import { humanBytes, humanShare, humanSpan, counted, shownKey } from '../audit/words.ts'
import type { Leak } from './book.ts'
import type { Memory } from './memory.ts'
import type { Summary } from './summary.ts'
import type { Look } from './watch.ts'

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

export const jsonSummary = (summary: Summary): string =>
  `${JSON.stringify({ type: 'summary', ...summary, leaks: summary.leaks.map((leak) => ({ ...leak, key: shownKey(leak.key) })) })}\n`

/** The line at the bottom of a terminal. */
export function statusLine({ locks, withoutTtl, counts, memory }: Look): string {
  const { set, deleted, expired, evicted, renewed } = counts
  return [
    `${counted(locks, 'lock')}${withoutTtl > 0 ? `, ${withoutTtl} without TTL` : ''}`,
    `${set} set · ${deleted} deleted · ${expired} expired${evicted > 0 ? ` · ${evicted} evicted` : ''}${renewed > 0 ? ` · ${renewed} renewed` : ''}`,
    memoryText(memory),
  ].join(' │ ')
}

export function memoryText({ usedBytes, limitBytes, limitIs, share, bytesPerSecond, leftMs }: Memory): string {
  if (Number.isNaN(usedBytes)) return 'memory unknown'
  const of = limitBytes === 0 ? '' : ` of ${humanBytes(limitBytes)}${limitIs === 'machine' ? ' (the machine’s)' : ''}`
  const growth =
    bytesPerSecond === undefined ? '' : `, ${bytesPerSecond >= 0 ? '+' : ''}${humanBytes(bytesPerSecond * 60)}/min`
  return `${Number.isNaN(share) ? '' : `${humanShare(share)}, `}${humanBytes(usedBytes)}${of}${growth}${leftMs === undefined ? '' : `, full in ${humanSpan(leftMs)}`}`
}

/** What stays on the screen. */
export const leakText = ({ what, key, seenForMs, ttlMs }: Leak): string =>
  ({
    expired: `expired: ${shownKey(key)} was never given back${seenForMs > 0 ? `; seen for ${humanSpan(seenForMs)}` : ''}`,
    evicted: `evicted: ${shownKey(key)} was thrown away while it was held`,
    'no-ttl': `no TTL: ${shownKey(key)} stays for ever if its holder is gone`,
    'over-limit': `long: ${shownKey(key)} lives on for ${humanSpan(ttlMs ?? 0)}`,
  })[what]

export function summaryText(summary: Summary): string {
  const {
    node,
    how,
    forMs,
    counts,
    locks,
    withoutTtl,
    overLimit,
    locksMax,
    usedBytes,
    usedMaxBytes,
    limitBytes,
    alarms,
  } = summary
  const lines = [
    `${node}, watched for ${humanSpan(forMs)} by ${how}`,
    `${counts.set} set · ${counts.renewed} renewed · ${counts.deleted} deleted · ${counts.expired} expired · ${counts.evicted} evicted`,
    `${counted(locks, 'lock')} there at the end, ${locksMax} at most; ${withoutTtl} without a TTL, ${overLimit} over the limit`,
    `memory ${humanBytes(usedBytes)}, at most ${humanBytes(usedMaxBytes)}${limitBytes > 0 ? ` of ${humanBytes(limitBytes)}` : ''}${alarms > 0 ? `; the alarm's level was reached ${counted(alarms, 'time')}` : ''}`,
    counts.expired > 0
      ? `${counts.expired} ${counts.expired === 1 ? 'lock was' : 'locks were'} never given back: a crash, a lease that was overrun, or a release that is missing`
      : 'every lock that went was given back',
  ]
  return `\n${lines.map((line) => `  ${line}\n`).join('')}`
}
