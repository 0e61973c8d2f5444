import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Fault } from './faults/fault.ts'
import { faults, type FaultName } from './faults/index.ts'
import { foundInWords } from './early-end/found.ts'
import { watchForEarlyEnd } from './early-end/watch.ts'
import type { PhaseEvent, TopologyEvent } from './history/event.ts'
import type { Events } from './history/event-table.ts'
import { auditNodes, countCommands } from './history/audit.ts'
import { othersThan } from './history/internal.ts'
import { recordNodeCurves } from './history/node-curves.ts'
import { observeAll } from './history/observers.ts'
import { readHistory, type History } from './history/reader.ts'
import { Recorder } from './history/recorder.ts'
import type { Books, Damage } from './ledger/ledger.ts'
import { firstState } from './ledger/first-state.ts'
import { Children } from './lib/children.ts'
import { drillClock, monotonicNs } from './lib/clock.ts'
import { ownVersion } from './lib/version.ts'
import { unlessAborted } from './lib/unless-aborted.ts'
import { openLinks } from './links/index.ts'
import { beginLoad } from './load/drive.ts'
import type { BesideProgress, Driven } from './load/load.ts'
import type { Plan } from './plan/scenario.ts'
import { moment } from './reporters/text.ts'
import { portsFor, runtimes, type RuntimeMember } from './runtimes/index.ts'
import { Fleet } from './server/fleet.ts'
import type { LockDescription, Progress } from './server/messages.ts'
import { topologies } from './topologies/index.ts'
import { underLoad } from './under-load.ts'
import { fallen } from './topologies/fallen.ts'

export interface DrillContext {
  /** The report's folder; it exists. History and logs are written into it while the drill runs. */
  folder: string
  /** The run's system of record, which starts beside the nodes; undefined where the workload needs none. */
  ledger: Promise<Books> | undefined
  /** The caller's directory, for locks given as files and programs. */
  cwd: string
  /** Aborts when the user wants to stop: the drill then ends in order and keeps what it has. */
  signal: AbortSignal
  progress: DrillProgress
  /** Waited for before the load begins: another drill that is to begin at the same moment. */
  ready?: () => Promise<void>
}

/** How far the load is. */
export interface Tick extends Progress {
  elapsedMs: number
  totalMs: number
  beside?: BesideProgress | undefined
  /** What was found so far, in words. */
  damage: readonly string[]
}

/** What a person wants to see while it runs. */
export interface DrillProgress {
  /** Whether somebody sees the ticks: only then is damage counted while the load is on. */
  live: boolean
  phase(name: string): void
  tick(tick: Tick): void
  fault(text: string): void
  /** What only those want to know who look for a mistake. */
  detail(text: string): void
}

/** Everything that was seen. Judging it is another step (verdict.ts). */
export interface DrillRecord {
  plan: Plan
  startedAt: Date
  durationMs: number
  events: Events
  /** What makes the evidence incomplete (a history cut short, a server that died by itself), one sentence each. */
  notes: string[]
  damage: Damage | undefined
  /** What a load driver beside the controller saw from its side of the doors. */
  driven?: Pick<Driven, 'latencyMs' | 'thresholds'> | undefined
  lock: LockDescription | undefined
  versions: Record<string, string>
  /** Of the project in which it was run (lib/commit.ts). */
  commit?: string | undefined
  interrupted: boolean
  /** Where something is missing from the history: `end`, what it shows is so all the same; `middle`, the release of a lock may be missing. */
  holes?: History['damage']
}

/** What a drill whose question is answered gives to what is under way, and to settle. */
const early = { gracefulStopMs: 700, settleMs: 300 }

/** The story of one drill: start, load, break, heal, settle, stop, read. */
export async function runDrill(plan: Plan, context: DrillContext): Promise<DrillRecord> {
  const startedAt = new Date()
  const startNs = monotonicNs()
  const now = drillClock(startNs)
  const folders = { history: join(context.folder, 'history'), logs: join(context.folder, 'logs') }
  for (const folder of Object.values(folders)) await mkdir(folder, { recursive: true })

  const seen = await play(plan, context, { startNs, now, ...folders })
  const { events, notes } = await readHistory(folders.history)
  return { plan, startedAt, durationMs: now() / 1e6, events, ...seen, notes: [...seen.notes, ...notes] }
}

interface Setting {
  startNs: bigint
  now: () => number
  history: string
  logs: string
}

/** The planned faults that act on nodes. */
const destructive = (plan: Plan) =>
  plan.faults.flatMap(({ fault, target }) => {
    const { group, onProcess = false }: Fault = faults[fault as FaultName]
    const onNodes = group === 'nodes' || group === 'sentinel' || target.startsWith('cluster')
    return onNodes ? [{ fault, onProcess }] : []
  })

/** All that lives while the drill runs; when it returns or throws, nothing of it is left but the files. */
async function play(plan: Plan, context: DrillContext, { startNs, now, history, logs }: Setting) {
  const { progress } = context
  const notes: string[] = []
  let holes: History['damage'] = 'none'
  /** Nothing that happens from then on would be known: the drill ends in order, as if somebody had interrupted it. */
  const unwritable = new AbortController()
  /** All nodes are out of reach at once, as when the Docker engine dies: no verdict can come of it. */
  const lost = new AbortController()
  const signal = AbortSignal.any([context.signal, unwritable.signal, lost.signal])
  const serverNames = Array.from({ length: plan.servers }, (_, i) => `server-${i + 1}`)

  progress.phase('starting')
  await using children = await Children.open()
  await using recorder = new Recorder(join(history, 'controller.ndjson'), now, (error) => {
    notes.push(`${error.message}; what happened from ${moment(now() / 1e6)} on is not in it`)
    holes = 'middle'
    progress.fault('the history cannot be written: the drill ends')
    unwritable.abort(error)
  })
  const phase = (name: PhaseEvent['phase'], threshold?: string) =>
    recorder.record({ process: 'controller', type: 'info', f: 'phase', phase: name, threshold })
  const happened = (event: Omit<TopologyEvent, 't' | 'process' | 'type' | 'f'> & { t?: number }) => {
    recorder.record({ process: 'controller', type: 'info', f: 'topology', ...event })
    progress.detail(`${moment((event.t ?? now()) / 1e6)} ${event.node}: ${event.event}`)
  }
  phase('start')

  // Servers boot beside the nodes and the ledger.
  await using fleet = Fleet.boot(children, serverNames, logs)
  for (const server of fleet.servers) {
    server.onChange = (event, t) => happened({ event, node: server.name, ...(t !== undefined && { t }) })
    server.onDeath = (how, itsHistory) => {
      notes.push(`${server.name} ${how}; its log: logs/${server.name}.log`)
      if (itsHistory === 'unwritable') holes = 'middle'
    }
  }
  const nodes = topologies[plan.topology.kind].nodeNames(plan.topology)
  const runtimeOf: RuntimeMember = runtimes[plan.runtime as keyof typeof runtimes]
  await using runtime = await runtimeOf.open({
    children,
    logs,
    images: plan.images,
    attach: plan.attach,
    expects: { kind: plan.topology.kind, ...nodes },
    destructive: destructive(plan),
    ports: portsFor(nodes.redis.length + nodes.sentinels.length, plan.servers),
    say: progress.fault,
    lost: (why) => lost.abort(why),
  })
  await using links = openLinks(runtime)
  await using cluster = await topologies[plan.topology.kind].start({
    runtime,
    links,
    options: plan.topology,
    servers: serverNames,
    signal,
  })
  for (const node of [...cluster.redis, ...cluster.sentinels])
    progress.detail(`${node.name} is ${node.host}:${node.port}, pid ${node.pid}`)
  progress.detail(
    `links: ${links
      .all()
      .map(({ name }) => name)
      .join(', ')}`,
  )
  progress.detail(`what the nodes and servers say is in ${logs}`)
  cluster.onSwitch(({ from, to }) => happened({ event: 'switch-master', node: to, from, to }))
  await using observing = await observeAll(cluster, {
    record: (event) => recorder.record(event),
    now,
    password: runtime.password,
    isInternal: othersThan(plan.workload['guard']),
  })

  const ledger = context.ledger && (await unlessAborted(context.ledger, signal))
  const schema = `drill_${startNs}`
  await ledger?.prepare({ schema, ...firstState(plan) })
  const over = new AbortController()
  let settleMs = plan.settle
  let answered = false
  await using watch = watchForEarlyEnd({
    plan,
    history,
    servers: serverNames,
    startNs,
    damage: ledger && (() => ledger.damage(schema)),
    looks: progress.live,
    log: progress.fault,
    crossed({ metric, expression }) {
      if (over.signal.aborted) return
      phase('ended-early', `${metric}: ${expression}`)
      settleMs = Math.min(settleMs, early.settleMs)
      answered = true
      load.stop(early.gracefulStopMs)
      over.abort()
    },
  })
  const opening = fleet.configure((server) => ({
    plan,
    endpoints: cluster.endpoints(server),
    keyPrefix: runtime.keyPrefix ?? '',
    ...(ledger && { ledger: { url: ledger.url, schema } }),
    historyFile: join(history, `${server}.ndjson`),
    logFolder: logs,
    startNs: String(startNs),
    cwd: context.cwd,
  }))
  // A program behind stdio may build for minutes, and a lock's open may never return.
  const lock = await unlessAborted(opening, signal)
  runtime.keepsBooks?.(lock.bookkeeping)

  const commands = await countCommands(await observing.primaries(), cluster.admin)
  if (context.ready) await unlessAborted(context.ready(), signal)
  const load = await beginLoad(plan, { servers: fleet, children, logs, cwd: context.cwd, signal })
  using curves = recordNodeCurves({
    nodes: cluster.redis.map(({ name }) => name),
    admin: cluster.admin,
    sent: observing.sent,
    record: (event) => recorder.record(event),
  })
  phase('load')
  progress.phase('load')
  const interrupt = () => {
    phase('interrupted')
    load.stop(0)
    over.abort()
  }
  signal.addEventListener('abort', interrupt, { once: true })
  if (signal.aborted) interrupt()
  watch.loadBegins()
  let driven: Driven | undefined
  try {
    const damage = () => foundInWords(watch.found, plan.workload.kind)
    driven = await underLoad(plan, { cluster, links, fleet, load, recorder, now, over, progress, damage })
  } finally {
    over.abort()
    await watch[Symbol.asyncDispose]()
    signal.removeEventListener('abort', interrupt)
  }

  for (const [process, counts] of Object.entries(driven?.counts ?? {}))
    recorder.record({ process, type: 'info', f: 'count', counts })
  notes.push(...(driven?.notes ?? []))

  if (lost.signal.aborted) throw lost.signal.reason
  phase('settle')
  progress.phase('settling')
  await sleep(settleMs, undefined, { signal }).catch(() => undefined)
  if (plan.workload['guard'] !== 'lua')
    await commands.stop(await observing.primaries(), (event) => recorder.record(event))
  curves[Symbol.dispose]()
  phase('end')
  progress.phase('reading')
  const broken = signal.aborted ? [] : await fallen(cluster, links)
  notes.push(...broken)
  const whole = broken.length === 0 && !signal.aborted && !answered
  if (whole) await fleet.audit(observing.alive)
  await fleet.close()
  if (whole) notes.push(...(await auditNodes(await observing.primaries(), lock.bookkeeping)))
  // What was seen is not lost with the books.
  const damage = await ledger?.damage(schema).catch((error: Error) => {
    notes.push(`the ledger could not be read: ${error.message}; its damage was not counted`)
    return undefined
  })
  await ledger?.drop(schema).catch(() => {})
  const versions = {
    picklock: ownVersion(),
    node: process.versions.node,
    ...(await runtime.versions()),
    toxiproxy: links.version,
  }
  return { notes, damage, driven, lock, versions, interrupted: signal.aborted, holes }
}
