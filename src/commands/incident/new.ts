import { randomInt } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { stringify } from 'yaml'
import { evidenceOf } from '../../incident/evidence.ts'
import type { Facts } from '../../incident/facts.ts'
import { tellsSomething } from '../../incident/outcome.ts'
import { recordFile, type IncidentRecord, type Run } from '../../incident/record.ts'
import type { Replay } from '../../incident/scenario.ts'
import type { Lang } from '../../incident/words/lang.ts'
import { UsageError } from '../../lib/failure.ts'
import { setUp } from '../../lib/tools.ts'
import { readDrill } from '../../past/read.ts'
import { explained, makeFolders } from '../../reporters/folder.ts'
import { scenarioText } from '../../variants/variant.ts'
import { onInterrupt } from '../interrupt.ts'
import type { Played } from '../play.ts'
import type { ProgressLine } from '../progress.ts'
import { writeDocuments } from './documents.ts'
import { checked, type Told } from './gather.ts'
import { howFar, nameOf } from './how-far.ts'
import { planIncident, type IncidentDrill, type MeasureName } from './plans.ts'

export interface NewIncident {
  told: Told
  /** Default: incidents/<name>. */
  out: string | undefined
  force: boolean
  measures: readonly MeasureName[]
  langs: readonly Lang[]
  seed: number | undefined
  jobs: number
  progress: ProgressLine
  cwd: string
}

const schema = './node_modules/picklock/schema/scenario.json'

/** From what was told to the post-mortem. → the exit code */
export async function newIncident(asked: NewIncident): Promise<number> {
  const { progress, cwd, langs } = asked
  const gathered = checked(asked.told)
  const out = asked.out ?? join('incidents', gathered.facts.name)
  const folder = resolve(cwd, out)
  if (!asked.force && existsSync(join(folder, recordFile)))
    throw new UsageError(`${join(out, recordFile)} is there already; --force overwrites it, --out names another folder`)
  const seed = asked.seed ?? randomInt(2 ** 32)
  const leftOut = (why: string) => progress.say(`left out: ${why}`)
  const { facts, replay, drills } = await planIncident(gathered, { folder, names: asked.measures, seed, cwd, leftOut })
  await explained(out, () => writeScenarios(folder, facts, drills))
  await setUp()

  const { playDrills } = await import('../play.ts')
  using interrupt = onInterrupt(progress.say)
  const played: Played[] = []
  let failure: unknown
  try {
    await playDrills(
      drills.map(({ plan }) => ({ plan, control: undefined })),
      { out: join(out, 'runs'), cwd, jobs: asked.jobs, progress, signal: interrupt.signal },
      (one) => {
        played.push(one)
        progress.say(resultOf(drills[one.index]!, one))
      },
    )
  } catch (error) {
    // What was measured before is written down all the same.
    if (interrupt.exitCode() === undefined) failure = error
  } finally {
    progress.clear()
  }
  const record = await recordOf({ facts, replay, drills, played, folder, cwd })
  if (record !== undefined) {
    await explained(out, () => writeFile(join(folder, recordFile), `${JSON.stringify(record, null, 2)}\n`))
    const files = await writeDocuments(out, record, langs)
    process.stdout.write(files.map((file) => `${file}\n`).join(''))
  }
  const told = howFar({ out, drills, played, interrupted: interrupt.exitCode() !== undefined })
  if (told !== undefined) process.stderr.write(`picklock: ${told}\n`)
  if (failure !== undefined) throw failure
  return interrupt.exitCode() ?? (record !== undefined && tellsSomething(record.incident.report) ? 0 : 4)
}

async function writeScenarios(folder: string, facts: Facts, drills: readonly IncidentDrill[]): Promise<void> {
  await makeFolders(folder)
  await writeFile(join(folder, 'facts.yaml'), stringify(facts, { lineWidth: 0 }))
  for (const { file, plan } of drills) {
    if (file === undefined) continue
    await mkdir(dirname(file.path), { recursive: true })
    const about = `picklock incident: ${plan.name}, with the lock ${plan.lock.spec}`
    await writeFile(file.path, scenarioText(file.scenario, about, schema))
  }
}

function resultOf(drill: IncidentDrill, { report }: Played): string {
  const { duplicates, oversold, negative_stock: negative, overlaps = 0, leaked_keys: leaked = 0, done } = report.counts
  const damage =
    duplicates === undefined ? '' : `${duplicates} duplicates, ${oversold} oversold, ${negative} below zero, `
  return `${nameOf(drill)}: ${damage}${overlaps} overlaps, ${leaked} keys left${done === undefined ? '' : `, ${done} done`}`
}

/** Undefined where the incident's own drill did not come to a report. */
async function recordOf(of: {
  facts: Facts
  replay: Replay
  drills: readonly IncidentDrill[]
  played: readonly Played[]
  folder: string
  cwd: string
}): Promise<IncidentRecord | undefined> {
  const { facts, replay, drills, played, folder, cwd } = of
  const ran = (index: number): Run | undefined => {
    const one = played.find((each) => each.index === index)
    return one && { folder: relative(folder, resolve(cwd, one.folder)), report: one.report }
  }
  const incident = ran(0)
  if (incident === undefined) return undefined
  const { record } = await readDrill(join(folder, incident.folder))
  const { plan } = drills[0]!
  const names = new Set(drills.flatMap((drill) => (drill.of === 'incident' ? [] : [drill.of.measure])))
  const side = (name: MeasureName, which: 'before' | 'after') => {
    const run = ran(drills.findIndex(({ of: it }) => it !== 'incident' && it.measure === name && it.side === which))
    return run && { [which]: run }
  }
  return {
    schema: 1,
    facts,
    assumed: [...replay.assumed],
    drilled: {
      ttlMs: plan.lock.ttlMs,
      waitMs: plan.lock.waitMs,
      servers: plan.servers,
      rate: 'rate' in plan.load ? plan.load.rate : null,
    },
    incident: { ...incident, evidence: evidenceOf(incident.report, record.events) },
    measures: [...names].map((name) => ({ name, ...side(name, 'before'), ...side(name, 'after') })),
  }
}
