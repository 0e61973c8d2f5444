import type { DrillProgress } from './drill.ts'
import { direct } from './faults/director.ts'
import type { Target } from './faults/fault.ts'
import type { Recorder } from './history/recorder.ts'
import { random } from './lib/random.ts'
import type { Links } from './links/links.ts'
import type { Drive } from './load/drive.ts'
import { loadDurationMs } from './load/duration.ts'
import type { Driven } from './load/load.ts'
import type { Plan } from './plan/scenario.ts'
import { isHolder, resolveTarget } from './plan/targets.ts'
import { moment } from './reporters/text.ts'
import type { Fleet } from './server/fleet.ts'
import { holdWithinMs } from './server/server-process.ts'
import type { Cluster } from './topologies/topology.ts'

const tickMs = 200

/** What the load and the faults are done to and with. */
interface Running {
  cluster: Cluster
  links: Links
  fleet: Fleet
  load: Drive
  recorder: Recorder
  now: () => number
  /** Aborts when the load is over, or is to end. */
  over: AbortController
  progress: DrillProgress
  /** So far, in words. */
  damage: () => string[]
}

/** What happens while the load is on; faults that are still on when it is over are healed then. */
export async function underLoad(plan: Plan, running: Running): Promise<Driven | undefined> {
  const { cluster, links, fleet, load, recorder, now, over, progress, damage } = running
  const loadStartNs = now()
  const totalMs = loadDurationMs(plan.load)
  const ticker = setInterval(
    () =>
      progress.tick({
        ...fleet.progress(),
        elapsedMs: (now() - loadStartNs) / 1e6,
        totalMs,
        beside: load.progress(),
        damage: damage(),
      }),
    tickMs,
  )
  try {
    const faults = direct({
      planned: plan.faults,
      now,
      loadStartNs,
      reached: (what, after, untilOver) => fleet.reached(what, after, untilOver),
      resolve: (target) => resolve(target, { plan, cluster, fleet, links, signal: over.signal }),
      record: (event) => {
        recorder.record({ process: 'controller', f: 'fault', ...event })
        if (event.stage === 'inject') progress.detail(`${moment(now() / 1e6)} ${event.fault} ${event.target}: begins`)
      },
      stage: { cluster, links, signal: over.signal, log: progress.fault, random: random(plan.seed, 'faults') },
      announce: (text) => progress.fault(`${moment(now() / 1e6)} ${text}`),
    })
    // Awaited below, when the load is over; until then its failure is not unhandled.
    faults.catch(() => {})
    const driven = await load.ended
    over.abort()
    await faults
    return driven
  } finally {
    clearInterval(ticker)
  }
}

/** A scenario's word for a target becomes handles, as things stand at this moment. */
async function resolve(
  text: string,
  {
    plan,
    cluster,
    fleet,
    links,
    signal,
  }: { plan: Plan; cluster: Cluster; fleet: Fleet; links: Links; signal: AbortSignal },
): Promise<Target> {
  const names = resolveTarget(text, {
    redis: cluster.redis.map(({ name }) => name),
    sentinels: cluster.sentinels.map(({ name }) => name),
    servers: fleet.servers.map(({ name }) => name),
    primary: (await cluster.primary()).name,
    holder: isHolder(text) ? await fleet.holder(holdWithinMs, signal) : undefined,
    random: random(plan.seed, 'target', text),
  })
  const nodes = [...cluster.redis, ...cluster.sentinels]
  return {
    label: names.label,
    nodes: nodes.filter(({ name }) => names.nodes.includes(name)),
    links: names.links.map((name) => links.get(name)),
    servers: fleet.servers.filter(({ name }) => names.servers.includes(name)),
    ...(isHolder(text) && { whileHolding: true }),
  }
}
