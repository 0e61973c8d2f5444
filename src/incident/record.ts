import { z } from 'zod'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UsageError } from '../lib/failure.ts'
import { report } from '../reporters/report.ts'
import { counterMeasures } from './counter-measures/index.ts'
import { factsSchema } from './facts.ts'

/**
 * incident.json: what was told and what was measured, without a word of prose. A post-mortem is written from it, in any language and as often as one
 * wants, without running anything.
 */
export const recordFile = 'incident.json'

const ms = z.number()
const fates = z.object({
  granted: z.int(),
  contended: z.int(),
  unavailable: z.int(),
  uncertain: z.int(),
  open: z.int(),
  slowestMs: ms,
})

const moment = z.object({
  /** Since the drill's start. */
  atMs: ms,
  what: z.enum([
    'load',
    'settle',
    'end',
    'interrupted',
    'landed',
    'healed',
    'down',
    'up',
    'paused',
    'resumed',
    'switch-master',
    'found',
    'ended-early',
  ]),
  who: z.string().optional(),
  fault: z.string().optional(),
  proof: z.string().optional(),
  metric: z.string().optional(),
  blame: z.string().optional(),
  count: z.number().optional(),
})
export type Moment = z.infer<typeof moment>

const evidence = z.object({
  moments: z.array(moment),
  momentsLeftOut: z.int(),
  duringFaults: z.array(z.object({ fault: z.string(), fromMs: ms, toMs: ms, acquires: fates })),
})
export type Evidence = z.infer<typeof evidence>

/** `folder` as seen from the incident's. */
const run = z.object({ folder: z.string(), report })
export type Run = z.infer<typeof run>

export const recordSchema = z.object({
  schema: z.literal(1),
  facts: factsSchema,
  assumed: z.array(z.object({ fact: z.string(), value: z.string() })),
  /** Of the lock that was drilled: what the replay asked of it. */
  drilled: z.object({ ttlMs: z.int(), waitMs: z.int(), servers: z.int(), rate: z.number().nullable() }),
  incident: run.extend({ evidence }),
  measures: z.array(
    z.object({
      name: z.enum(Object.keys(counterMeasures) as [keyof typeof counterMeasures, ...(keyof typeof counterMeasures)[]]),
      before: run.optional(),
      /** Absent: it was not run to its end. */
      after: run.optional(),
    }),
  ),
})
export type IncidentRecord = z.infer<typeof recordSchema>

/** Throws UsageError where there is none, or where it is damaged. */
export async function readRecord(folder: string): Promise<IncidentRecord> {
  const file = join(folder, recordFile)
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' || error.code === 'ENOTDIR' ? 'there is no such file' : String(error.code)
    throw new UsageError(`cannot read ${file}: ${why}; picklock incident new writes it`)
  })
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch {
    throw new UsageError(`${file} is damaged: it is not JSON`)
  }
  const parsed = recordSchema.safeParse(data)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new UsageError(`${file} is damaged: ${issue!.path.map(String).join('.')} is not what it should be`)
}
