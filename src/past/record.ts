import { z } from 'zod'
import type { DrillRecord } from '../drill.ts'
import { tableOf, type Events } from '../history/event-table.ts'
import { serverOf } from '../checkers/holds.ts'
import { report, type Report } from '../reporters/report.ts'

/**
 * record.json in a report's folder: what judging needs beside the history and the plan. With these three, a drill is judged again with the same
 * verdict, wherever the folder was carried to.
 */
const record = z.object({
  schema: z.literal(1),
  startedAt: z.iso.datetime(),
  durationMs: z.number(),
  /** What made the evidence incomplete when the drill ended, one sentence each. */
  notes: z.array(z.string()),
  /** What the ledger showed; absent where the workload has none, or it could not be read. */
  damage: z
    .object({
      duplicates: z.number(),
      oversold: z.number(),
      negative_stock: z.number(),
      lost_updates: z.number(),
      stale_writes_refused: z.number(),
      stale_writes_accepted: z.number(),
      entries: z.number(),
      examples: z.record(
        z.string(),
        z.array(z.object({ what: z.string(), requestIds: z.array(z.string()).exactOptional() })),
      ),
    })
    .exactOptional(),
  /** What a load driver beside the controller saw; its counts stand in the history, and what it lacked in `notes`. */
  driven: z.object({ latencyMs: report.shape.latencyMs, thresholds: report.shape.thresholds }).exactOptional(),
  /** How the control came out, where one was run. */
  control: report.shape.control.unwrap().exactOptional(),
  commit: z.string().exactOptional(),
  versions: z.record(z.string(), z.string()),
  /** How many events each process wrote: what is missing from the history later shows. */
  events: z.record(z.string(), z.int()),
})
type Record = z.infer<typeof record>

/** Of what a drill saw the part that is written down here, and the history. */
export type Seen = Omit<DrillRecord, 'plan' | 'interrupted' | 'lock' | 'holes'>

export const recordFile = 'record.json'

/** @param control how the control came out, where one was run */
export function recordText(drill: Seen, control: Report['control']): string {
  const { startedAt, durationMs, notes, damage, driven, versions, events, commit } = drill
  const text = {
    schema: 1,
    startedAt: startedAt.toISOString(),
    durationMs,
    notes,
    ...(damage && { damage }),
    ...(driven && { driven: { latencyMs: driven.latencyMs, thresholds: driven.thresholds } }),
    ...(control && { control }),
    ...(commit !== undefined && { commit }),
    versions,
    events: countByProcess(events),
  } satisfies Record
  return `${JSON.stringify(text, null, 2)}\n`
}

/** Undefined where it is none of ours, or was damaged. */
export function parseRecord(text: string): Record | undefined {
  try {
    return record.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** Events by `server-1`, `redis-1`, `controller`. */
export function countByProcess(events: Events): { [process: string]: number } {
  const { length, process, processes } = tableOf(events)
  const counts = new Int32Array(processes.list.length)
  for (let at = 0; at < length; at++) counts[process[at]!]!++
  const servers: { [process: string]: number } = {}
  for (const [number, count] of counts.entries()) {
    const server = serverOf(processes.list[number]!)
    if (count > 0) servers[server] = (servers[server] ?? 0) + count
  }
  return servers
}
