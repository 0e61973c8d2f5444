import { numberOf } from '../facts.ts'
import { humanSpan } from '../words.ts'
import type { Check, Finding } from './check.ts'

export const persistence = {
  name: 'persistence',
  title: 'What a restart does to locks, and whether snapshots work',
  docs: 'A node that restarts empty, or with the state of some seconds ago, forgets locks that are held: on a quorum that lets a second holder in, unless the node stays down for longer than the longest TTL. Medium without any persistence, low where up to a second may be lost. High where the last snapshot, or the last write to the append-only file, failed and Redis refuses writes for it.',
  look: ({ config, info }) => [...failedSave(config, info), ...failedAppend(info), ...forgets(config, info)],
} satisfies Check

function failedSave(config: ReadonlyMap<string, string>, info: ReadonlyMap<string, string>): Finding[] {
  if ((info.get('rdb_last_bgsave_status') ?? 'ok') === 'ok') return []
  // As Redis does it: a snapshot that only a command asked for stops nobody.
  const stops = config.get('stop-writes-on-bgsave-error') !== 'no' && config.get('save') !== ''
  return [
    {
      severity: stops ? 'high' : 'medium',
      message: `the last snapshot failed${stops ? ', and Redis refuses every write until one succeeds (MISCONF)' : ''}`,
      evidence: [`rdb_last_bgsave_status:${info.get('rdb_last_bgsave_status')}`],
      advice: 'Free the disk, or the memory that the fork needs; on a Redis that holds only locks, turn snapshots off.',
    },
  ]
}

function failedAppend(info: ReadonlyMap<string, string>): Finding[] {
  if (numberOf(info, 'aof_enabled') !== 1 || (info.get('aof_last_write_status') ?? 'ok') === 'ok') return []
  return [
    {
      severity: 'high',
      message: 'the append-only file could not be written, and Redis refuses every write until it can (MISCONF)',
      evidence: [`aof_last_write_status:${info.get('aof_last_write_status')}`],
      advice: 'Free the disk; no lock can be taken or given back meanwhile.',
    },
  ]
}

function forgets(config: ReadonlyMap<string, string>, info: ReadonlyMap<string, string>): Finding[] {
  const append = config.get('appendonly') ?? (numberOf(info, 'aof_enabled') === 1 ? 'yes' : 'no')
  if (config.size === 0 && info.size === 0) return []
  const sync = config.get('appendfsync')
  if (append === 'yes' && (sync === 'always' || sync === undefined)) return []
  const upMs = (numberOf(info, 'uptime_in_seconds') ?? Number.NaN) * 1000
  const evidence = [
    `appendonly ${append}${append === 'yes' ? `, appendfsync ${sync}` : ''}; save "${config.get('save') ?? '?'}"`,
    ...(Number.isNaN(upMs) ? [] : [`up for ${humanSpan(upMs)}`]),
  ]
  const advice =
    'appendonly yes with appendfsync always; or let a node that died stay down for longer than the longest TTL before it serves locks again.'
  return [
    append === 'yes'
      ? { severity: 'low', message: 'a crash forgets the locks of the last second', evidence, advice }
      : { severity: 'medium', message: 'a restart forgets the locks that are held', evidence, advice },
  ]
}
