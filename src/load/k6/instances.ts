import type { ChildProcess } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Samples, summarize } from '../../history/samples.ts'
import { exited } from '../../lib/children.ts'
import { findTool } from '../../lib/tools.ts'
import { loadDurationMs } from '../duration.ts'
import type { BesideContext, BesideLoad, Driven } from '../load.ts'
import { k6Env, runArgs, type Instance } from './command.ts'
import { k6Options } from './options.ts'
import { SampleStore } from './samples.ts'
import { exceptionsIn, firstError, thresholdsSaid } from './said.ts'

/** Making users may take seconds where there are a thousand of them, or the machine is busy. */
const startMaxMs = 60_000
/** Beyond its own end. */
const lateMs = 10_000
/** For its summary, once it was told to stop. */
const stopMs = 5_000

/** k6's exit codes: it has done what it was asked for, or was stopped. */
const fine = { done: 0, thresholdsCrossed: 99, stopped: 105 }

/** One process of k6. */
interface Running extends Instance {
  name: string
  child: ChildProcess
  log: string
  store: SampleStore
}

/** Starts the instances of k6, each with its share of the load. Throws EnvironmentError where k6 is missing. */
export async function startInstances(context: BesideContext): Promise<BesideLoad> {
  const file = findTool('k6')
  const { children, logs, instances } = context
  const config = join(children.folder, 'k6.json')
  await writeFile(config, JSON.stringify(k6Options(context)))
  const running = Array.from({ length: instances }, (_, index): Running => {
    const name = `k6-${index + 1}`
    const samples = join(children.folder, `${name}.samples.json`)
    const instance = { index, config, samples, summary: join(logs, `${name}.summary.json`) }
    const log = join(logs, `${name}.log`)
    const child = children.spawn(file, runArgs(context, instance), { name, logFile: log, env: k6Env() })
    return { ...instance, name, child, log, store: new SampleStore(samples) }
  })
  let stopped = false
  const stop = () => {
    stopped = true
    for (const { child } of running) void children.stop(child, { graceMs: stopMs, signal: 'SIGINT' })
  }
  let late = false
  const maxMs = startMaxMs + loadDurationMs(context.load) + context.load.gracefulStop + lateMs
  const watch = setTimeout(() => {
    late = true
    stop()
  }, maxMs)
  return {
    ended: Promise.all(running.map(({ child }) => exited(child)))
      .then(() => outcome(running, { stopped, late, maxMs }))
      .finally(() => clearTimeout(watch)),
    progress() {
      const stores = running.map(({ store }) => store)
      for (const store of stores) store.read()
      const sum = (of: (store: SampleStore) => number) => stores.reduce((total, store) => total + of(store), 0)
      return {
        iterations: sum(({ counters }) => counters['iterations']!),
        dropped: sum(({ counters }) => counters['dropped_iterations']!),
        vus: sum(({ vus }) => vus),
      }
    },
    stop,
  }
}

interface End {
  stopped: boolean
  late: boolean
  maxMs: number
}

async function outcome(running: readonly Running[], end: End): Promise<Driven> {
  const merged = new Map<string, Samples>()
  const driven: Driven = { counts: {}, latencyMs: {}, thresholds: [], notes: [] }
  for (const { name, child, log, summary, store } of running) {
    using read = store
    read.read()
    for (const [metric, samples] of read.trends) {
      if (!merged.has(metric)) merged.set(metric, new Samples())
      merged.get(metric)!.add(samples)
    }
    const { iterations, dropped_iterations, http_reqs } = read.counters as Record<string, number>
    driven.counts[name] = {
      iterations: iterations!,
      dropped_iterations: dropped_iterations!,
      k6_http_reqs: http_reqs!,
      undelivered_requests: read.undelivered,
    }
    const said = thresholdsSaid(summary)
    const whose = running.length === 1 ? 'k6' : name
    for (const each of said ?? []) driven.thresholds.push({ ...each, metric: `${whose} ${each.metric}` })
    driven.notes.push(...(await notesOn({ name, child, log }, said !== undefined, end)))
    if (read.damage !== undefined) driven.notes.push(`the samples of ${name} hold ${read.damage}`)
  }
  for (const [metric, samples] of merged) {
    driven.latencyMs[`k6_${metric}`] = summarize(samples.sortedMs())
  }
  return driven
}

/** Why the load was not what was planned, one sentence each. */
async function notesOn(
  { name, child, log }: Pick<Running, 'name' | 'child' | 'log'>,
  summed: boolean,
  { stopped, late, maxMs }: End,
): Promise<string[]> {
  const text = await readFile(log, 'utf8').catch(() => '')
  const notes: string[] = []
  const thrown = exceptionsIn(text, process.cwd())
  const { exitCode, signalCode } = child
  if (late) notes.push(`${name} was not over after ${maxMs / 1000} s and was stopped; its log: logs/${name}.log`)
  else if (exitCode === fine.stopped && stopped) return thrown ? [exceptions(name, thrown)] : []
  else if (exitCode !== fine.done && exitCode !== fine.thresholdsCrossed && !(stopped && signalCode !== null)) {
    const how = signalCode ?? `exit code ${exitCode}`
    const why = firstError(text, process.cwd())
    notes.push(`${name} ended with ${how}${why === undefined ? '' : `: ${why}`}; its log: logs/${name}.log`)
    return notes
  } else if (!summed && !stopped) notes.push(`${name} left no summary; its log: logs/${name}.log`)
  if (thrown) notes.push(exceptions(name, thrown))
  return notes
}

const exceptions = (name: string, { count, first }: { count: number; first: string }) =>
  `the script of ${name} threw ${count === 1 ? 'once' : `${count} times`}: ${first}`
