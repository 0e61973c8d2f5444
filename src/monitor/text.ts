import { Chalk, type ChalkInstance, type ColorSupportLevel } from 'chalk'
import { layout, labelWidth, narrow, type Write } from '../reporters/layout.ts'
import { humanCount, humanMs, moment, plain, plural } from '../reporters/text.ts'
import type { Analysis, FamilySummary, LockAnalysis, OrderEntry, ServerShare, Summary } from './analysis.ts'
import { holdEnds, type HoldEnd } from './hold.ts'

export interface TextOptions {
  width: number
  color: ColorSupportLevel
}

/** Of the locks, of the servers of each, and of the first grants. */
const [locksShown, serversShown, orderShown] = [5, 8, 5]

/** What a person reads of an analysis on a terminal. Pure. */
export function renderAnalysis(analysis: Analysis, { width, color }: TextOptions): string {
  const chalk = new Chalk({ level: color })
  const write = layout(width, chalk)
  const { locks, more, marks, notes } = analysis
  const blocks = [
    captureLines(analysis, write),
    ...locks.slice(0, locksShown).map((lock) => lockLines(lock, write, chalk, width)),
    familyLines(locks.slice(locksShown), more, write),
    markLines(marks, write),
    notes.flatMap((note, index) => write(index === 0 ? 'not told' : '', note)),
  ]
  return `\n${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`
}

function captureLines({ source, capture, servers }: Analysis, write: Write): string[] {
  const { lines, commands, scriptCommands, bytes, durationMs, startedAt, clients } = capture
  const size = bytes < 1e6 ? `${Math.ceil(bytes / 1000)} kB` : `${humanCount(Number((bytes / 1e6).toFixed(1)))} MB`
  return [
    ...write('capture', `${source}: ${plural(lines, 'line')}, ${size}`),
    ...write(
      'traffic',
      `${startedAt === null ? '' : `${humanMs(durationMs)} from ${startedAt} on, `}${plural(commands, 'command')}, ${scriptCommands} more by scripts`,
    ),
    ...(servers.length > 0
      ? write('locks by', `${plural(servers.length, 'server')} over ${plural(clients, 'connection')}`)
      : []),
  ]
}

function lockLines(lock: LockAnalysis, write: Write, chalk: ChalkInstance, width: number): string[] {
  const { key, db, pattern, counts, attemptsPerAcquisition, rates } = lock
  const { attempts, acquisitions } = counts
  const ratio = attemptsPerAcquisition === null ? '' : ` · ${humanCount(attemptsPerAcquisition)} attempts a grant`
  return [
    `  ${chalk.bold(plain(key))}${db === 0 ? '' : `  (database ${db})`}`,
    ...write('pattern', `${pattern.name}, ${pattern.sure}: ${pattern.because}`),
    ...write(
      'attempts',
      `${plural(attempts, 'attempt')} · ${acquisitions} granted${attempts > 0 ? ` (${percent(acquisitions / attempts)})` : ''}${ratio}`,
    ),
    ...damageLines(lock, write, chalk),
    ...write('ended', endsText(lock)),
    ...write('lease', leaseText(lock)),
    ...write('throughput', throughputText(rates)),
    ...serverLines(lock, write),
    ...latencyLines(lock, chalk, width),
    ...orderLines(lock, write),
  ]
}

/** What must not be. */
function damageLines({ counts, firstOverlap, firstForeignRelease }: LockAnalysis, write: Write, chalk: ChalkInstance) {
  const lines: string[] = []
  if (firstOverlap) {
    const { first, second, fromMs, forMs } = firstOverlap
    lines.push(
      ...write(
        'overlaps',
        `${plural(counts.overlaps, 'pair')} of holders at once. First at ${moment(fromMs)}, for ${humanMs(forMs)}: ${first.client} was granted it at ${moment(first.atMs)}${first.ttlMs === null ? '' : ` for ${humanMs(first.ttlMs)}`} and came to free it at ${moment(first.atMs + (first.heldMs ?? 0))}; ${second.client} had been granted it in between`,
        chalk.red,
      ),
    )
  }
  if (firstForeignRelease) {
    const { atMs, by, of } = firstForeignRelease
    const words = `${plural(counts.foreign_releases, 'time')} another client deleted it while it was held. First at ${moment(atMs)}: ${by} deleted what ${of.client} had`
    lines.push(...write('by others', words, chalk.red))
  }
  if (counts.without_ttl > 0)
    lines.push(
      ...write(
        'no TTL',
        `${plural(counts.without_ttl, 'grant')} without a time to live: whoever dies leaves it for ever`,
        chalk.yellow,
      ),
    )
  return lines
}

const endOf: [keyof LockAnalysis['counts'], HoldEnd | undefined, string][] = [
  ['released', 'released', 'freed by their holders'],
  ['late_releases', 'late', 'freed after their lease had ended'],
  ['left_to_expire', 'expired', 'left to expire'],
  ['deleted_by_others', 'deleted', 'deleted by another client'],
  ['overwritten', 'overwritten', 'written over'],
  ['flushed', 'flushed', 'flushed away'],
  ['gone', 'gone', holdEnds.gone],
  ['open_at_the_end', 'open', 'still held at the end'],
]

function endsText({ counts }: LockAnalysis): string {
  const parts = endOf.flatMap(([name, , words]) => (counts[name] ? [`${counts[name]} ${words}`] : []))
  if (counts.stray_releases) parts.push(`${plural(counts.stray_releases, 'release')} of nothing`)
  if (counts.gave_up) parts.push(`${counts.gave_up} gave up waiting`)
  return parts.join(' · ') || 'nobody freed it'
}

function leaseText({ ttlMs, counts }: LockAnalysis): string {
  const lease =
    'p50' in ttlMs
      ? ttlMs.min === ttlMs.max
        ? humanMs(ttlMs.p50)
        : `${humanMs(ttlMs.min)} to ${humanMs(ttlMs.max)}, half of them up to ${humanMs(ttlMs.p50)}`
      : 'none'
  return [
    lease,
    counts.renewals > 0 ? plural(counts.renewals, 'renewal') : 'never renewed',
    ...(counts.reentries > 0 ? [`entered again ${plural(counts.reentries, 'time')}`] : []),
  ].join(' · ')
}

function throughputText({ throughput, serial_limit, of_serial_limit, fairness }: LockAnalysis['rates']): string {
  return [
    `${humanCount(throughput)}/s`,
    ...(serial_limit === null ? [] : [`the holds alone would allow ${humanCount(serial_limit)}/s`]),
    ...(of_serial_limit === null ? [] : [`held ${percent(of_serial_limit)} of the time`]),
    ...(fairness === null ? [] : [`fairness ${fairness.toFixed(3)}`]),
  ].join(' · ')
}

function serverLines({ servers }: LockAnalysis, write: Write): string[] {
  const text = ({ server, grants, share, attempts, waitMeanMs }: ServerShare) =>
    `${server} ${grants} (${percent(share)}) of ${attempts} attempts${waitMeanMs === undefined ? '' : `, waited ${humanMs(waitMeanMs)} on average`}`
  const more = servers.length - serversShown
  return servers
    .slice(0, serversShown)
    .flatMap((server, index) => write(index === 0 ? 'shares' : '', text(server)))
    .concat(more > 0 ? write('', `and ${plural(more, 'server')} more`) : [])
}

function latencyLines({ latencyMs }: LockAnalysis, chalk: ChalkInstance, width: number): string[] {
  const rows: [string, Summary | undefined][] = [
    ['wait', latencyMs.acquire_wait],
    ['hold', latencyMs.hold_time],
    ['hand-over', latencyMs.handoff],
  ]
  const told = rows.filter(
    (row): row is [string, Summary & { count: number }] => row[1] !== undefined && 'count' in row[1],
  )
  if (told.length === 0) return []
  const columns = width < narrow ? (['p50', 'max'] as const) : (['count', 'min', 'p50', 'p95', 'p99', 'max'] as const)
  const line = (label: string, cells: string[]) =>
    `  ${label.padEnd(labelWidth - 4)}${cells.map((cell) => cell.padStart(9)).join('')}`
  return [
    chalk.dim(line('', [...columns])),
    ...told.map(([label, summary]) =>
      line(
        label,
        columns.map((column) =>
          column === 'count' ? String(summary.count) : humanMs((summary as Record<string, number>)[column]!),
        ),
      ),
    ),
  ]
}

function orderLines({ order, counts }: LockAnalysis, write: Write): string[] {
  const text = ({ atMs, client, attempts, heldMs, end, handoffMs }: OrderEntry) =>
    `${moment(atMs)} ${client}, ${plural(attempts, 'attempt')}${handoffMs === undefined ? '' : `, ${humanMs(handoffMs)} after the last`}, ${heldMs === null ? holdEnds.open : `${humanMs(heldMs)}${end === 'released' ? '' : `, ${holdEnds[end]}`}`}`
  const more = counts.acquisitions - Math.min(orderShown, order.length)
  return order
    .slice(0, orderShown)
    .flatMap((entry, index) => write(index === 0 ? 'order' : '', text(entry)))
    .concat(more > 0 ? write('', `and ${plural(more, 'grant')} more, in --format json and --html`) : [])
}

function familyLines(locks: readonly LockAnalysis[], more: readonly FamilySummary[], write: Write): string[] {
  const shownLocks = locks.slice(0, 15)
  const rest = locks.length - shownLocks.length
  const lines = [
    ...shownLocks.map(
      ({ key, pattern, counts, latencyMs: { hold_time } }) =>
        `${key} (${pattern.name}): ${plural(counts.attempts, 'attempt')}, ${counts.acquisitions} granted${'p50' in hold_time ? `, held ${humanMs(hold_time.p50)}` : ''}${counts.overlaps > 0 ? `, ${plural(counts.overlaps, 'overlap')}` : ''}${counts.without_ttl > 0 ? ', without a TTL' : ''}`,
    ),
    ...(rest > 0 ? [`and ${plural(rest, 'lock')} more, in --format json`] : []),
    ...more.map(familyText),
  ]
  return lines.flatMap((line, index) => write(index === 0 ? 'other locks' : '', line))
}

const familyText = ({ name, keys, pattern, counts: { attempts, acquisitions }, hold_time }: FamilySummary) =>
  `${name} (${plural(keys, 'key')}, ${pattern}): ${plural(attempts, 'attempt')}, ${acquisitions} granted${'p50' in hold_time ? `, held ${humanMs(hold_time.p50)}` : ''}`

function markLines(marks: readonly FamilySummary[], write: Write): string[] {
  if (marks.length === 0) return []
  const keys = marks.reduce((sum, each) => sum + each.keys, 0)
  const names = marks.slice(0, 3).map(({ name, keys: of }) => `${name} (${of})`)
  return write(
    'marks',
    `${plural(keys, 'key')} set once by SET NX, never wanted twice and never freed: marks against doing something twice, or locks that nobody contends for. ${names.join(', ')}${marks.length > 3 ? ' …' : ''}`,
  )
}

const percent = (share: number) => `${share > 0 && share < 0.1 ? (share * 100).toFixed(1) : Math.round(share * 100)} %`
