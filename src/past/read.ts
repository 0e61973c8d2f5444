import { existsSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import type { DrillRecord } from '../drill.ts'
import { readHistory, type History } from '../history/reader.ts'
import { UsageError } from '../lib/failure.ts'
import { topologyKinds, type Plan } from '../plan/scenario.ts'
import { allThresholds } from '../plan/thresholds.ts'
import type { Report } from '../reporters/report.ts'
import { contradictions, missingEvents, missingParts } from './doubts.ts'
import { parseRecord, recordFile } from './record.ts'
import { guessPlan, unjudgeable } from './without-plan.ts'

const reportFile = /^(report\.(json|html)|plan\.json|record\.json|summary\.md|junit\.xml)$/

const nothing: History = { events: [], notes: ['there is no history: what happened is not known'], damage: 'none' }

/** A drill of the past, read from the disk. */
export interface PastDrill {
  record: DrillRecord
  control: Report['control']
  /** Metrics that it tells nothing of, and why; empty where there is a plan. */
  unjudged: ReadonlyMap<string, string>
  /** The report's folder; undefined for a history outside of one. */
  folder: string | undefined
}

/**
 * Reads a report's folder; a folder of histories, one file a process; or one history, which is judged by the plan beside it where it lies in a
 * report's folder. What is missing or damaged is a note, and so a reason for `unknown`: what is there is kept.
 * @throws UsageError where there is nothing at all
 */
export async function readDrill(asked: string): Promise<PastDrill> {
  // Whoever names one of a report's files means the report.
  const path = reportFile.test(basename(asked)) ? dirname(asked) : asked
  const found = await stat(path).catch(() => undefined)
  if (!found) throw new UsageError(`there is no report and no history at ${asked}`)
  const folder = found.isDirectory() ? path : dirname(path)
  const plan = await readPlan(folder, found.isDirectory() || /^history\.ndjson(\.gz)?$/.test(basename(path)))
  const file = await findHistory(path, found.isDirectory())
  if (file === undefined && plan.text === undefined)
    throw new UsageError(`${asked} is no report and holds no history (.ndjson or .ndjson.gz)`)
  const { events, notes, damage } = file ? await readHistory(file) : nothing

  if (plan.plan === undefined) {
    const text = plan.text === undefined ? [] : ['plan.json is damaged: what was planned, and promised, is not known']
    const folder = found.isDirectory() ? path : undefined
    return { ...withoutPlan({ events, notes: [...notes, ...text], damage }, path, found.mtime), folder }
  }
  const aside = await readFile(join(folder, recordFile), 'utf8').then(parseRecord, () => undefined)
  const missing = aside && missingEvents(events, aside.events)
  const doubts = missing ?? missingParts(events, plan.plan.servers)
  const contradicted = missing?.length === 0 ? [] : contradictions(events)
  return {
    record: {
      plan: plan.plan,
      startedAt: aside ? new Date(aside.startedAt) : found.mtime,
      durationMs: aside?.durationMs ?? (events.at(-1)?.t ?? 0) / 1e6,
      events,
      notes: [...(aside?.notes ?? [withoutRecord]), ...notes, ...doubts, ...contradicted],
      damage: aside?.damage,
      driven: aside?.driven,
      lock: undefined,
      versions: aside?.versions ?? {},
      commit: aside?.commit,
      interrupted: false,
      holes: damage === 'none' && doubts.length + contradicted.length > 0 ? 'middle' : damage,
    },
    control: aside?.control,
    unjudged: new Map(),
    folder,
  }
}

/** A history and nothing beside it. `name` is what reports call it. */
export function withoutPlan({ events, notes, damage }: History, name: string, startedAt: Date): PastDrill {
  const contradicted = contradictions(events)
  return {
    record: {
      plan: guessPlan(events, name),
      startedAt,
      durationMs: events.length > 0 ? (events.at(-1)!.t - events.at(0)!.t) / 1e6 : 0,
      events,
      notes: [...notes, ...contradicted],
      damage: undefined,
      lock: undefined,
      versions: {},
      interrupted: false,
      holes: contradicted.length > 0 ? 'middle' : damage,
    },
    control: undefined,
    unjudged: unjudgeable(events),
    folder: undefined,
  }
}

const withoutRecord = `${recordFile} is missing or damaged: what the ledger showed, and what else was missing when the drill ended, is not known`

/** The merged history; else what the processes of a drill wrote that did not come to its end; else files of somebody else. */
async function findHistory(path: string, isFolder: boolean): Promise<string | undefined> {
  if (!isFolder) return path
  for (const name of ['history.ndjson.gz', 'history.ndjson']) if (existsSync(join(path, name))) return join(path, name)
  for (const folder of [join(path, 'history'), path]) {
    const files = await readdir(folder).catch(() => [])
    if (files.some((name) => /\.ndjson(\.gz)?$/.test(name))) return folder
  }
  return undefined
}

/** The parts of a plan that judging looks at. The rest is as it was written. */
const planShape = z.looseObject({
  name: z.string(),
  seed: z.int(),
  servers: z.int(),
  runtime: z.string(),
  /** Before there was a choice there was none to write down. */
  driver: z.looseObject({ name: z.string() }).default({ name: 'builtin' }),
  topology: z.looseObject({ kind: z.enum(topologyKinds), nodes: z.int() }),
  lock: z.looseObject({ spec: z.string(), name: z.string(), ttlMs: z.number(), waitMs: z.number() }),
  workload: z.looseObject({ kind: z.string() }),
  evidence: z.looseObject({ grants: z.number(), holdsDuringFault: z.number() }),
  thresholds: z.record(z.string(), z.array(z.unknown())),
  asked: z.looseObject({
    scenario: z.string(),
    set: z.array(z.string()),
    lockOptions: z.record(z.string(), z.unknown()),
  }),
  faults: z.array(z.looseObject({ fault: z.string(), target: z.string(), forMs: z.number() })),
})

/** `text` without `plan`: it is there, and damaged. */
async function readPlan(folder: string, wanted: boolean): Promise<{ text?: string; plan?: Plan }> {
  const text = wanted ? await readFile(join(folder, 'plan.json'), 'utf8').catch(() => undefined) : undefined
  if (text === undefined) return {}
  try {
    const plan = planShape.parse(JSON.parse(text)) as unknown as Plan
    // Throws where one of them is none.
    allThresholds(plan.thresholds)
    return { text, plan }
  } catch {
    return { text }
  }
}
