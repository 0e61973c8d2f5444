/**
 * How long judging takes: all checkers over a history of a million holds, and over a tenth of it, beside a bare sort of as many numbers.
 *
 *   node --expose-gc bench/checkers.ts [holds]
 *
 * The events are objects (JSON.parse), and putting them into columns is part of the time; two servers, 100 keys, every fourth acquire waits. A good lock has no overlaps;
 * the bad one lets 1 hold of 100 overlap, each of which is blamed by the record of its node. What a node did (a write, a lease, a sample and a
 * deletion for each hold) is two thirds of a real history, and every hold is looked up in it.
 */
import { checkers } from '../src/checkers/index.ts'
import type { Checker } from '../src/checkers/checker.ts'
import type { Event } from '../src/history/event.ts'
import type { Plan } from '../src/plan/scenario.ts'

const rounds = 5
const holds = Number(process.argv[2] ?? 1_000_000)
const part: Partial<Plan> = {
  topology: { kind: 'single', nodes: 3, replicas: 1, sentinels: 3, quorum: 2, downAfterMs: 1000 },
}
const plan = part as Plan

const small = measure(holds / 10, false)
const good = measure(holds, false)
const hundredth = measure(holds / 100, false, true)
const recorded = measure(holds / 10, false, true)
const bad = measure(holds / 10, true, true)

const report = {
  holds,
  'all checkers, ms': good.ms,
  "all checkers, ms of this thread's CPU time": good.cpuMs,
  'a tenth of it, ms of CPU time': small.cpuMs,
  'growth for ten times the holds': round(good.cpuMs / small.cpuMs),
  'a bare sort of as many numbers, ms': good.sortMs,
  'ratio to the sort': round(good.ms / good.sortMs),
  'memory kept beside the history, bytes a hold': good.bytesPerHold,
  'likewise for a tenth': small.bytesPerHold,
  "a tenth, with the node's record, ms of CPU time": recorded.cpuMs,
  'growth for ten times the holds with it': round(recorded.cpuMs / hundredth.cpuMs),
  'a tenth, 1 % overlapping, with blame, ms of CPU time': bad.cpuMs,
  'of these: events': bad.events,
  overlaps: bad.overlaps,
}
console.log(
  Object.entries(report)
    .map(([name, value]) => `${name.padEnd(54)} ${value}`)
    .join('\n'),
)

function measure(count: number, broken: boolean, recorded = broken) {
  const events = history(count, broken, recorded)
  const times: number[] = []
  const cpuTimes: number[] = []
  const sorts: number[] = []
  const kept: number[] = []
  let overlaps = 0
  for (let i = 0; i < rounds; i++) {
    // A new array each time: what is kept per history must not be reused.
    const again = events.slice()
    globalThis.gc?.()
    const before = memory()
    const cpu = process.threadCpuUsage()
    const start = performance.now()
    const findings = Object.values<Checker>(checkers).flatMap((checker) => checker.check({ plan, events: again }))
    times.push(performance.now() - start)
    const spent = process.threadCpuUsage(cpu)
    cpuTimes.push((spent.user + spent.system) / 1000)
    globalThis.gc?.()
    kept.push(memory() - before)
    overlaps = findings.reduce((sum, finding) => sum + finding.count, 0)

    const numbers = Float64Array.from({ length: count }, () => Math.random())
    const sortStart = performance.now()
    numbers.sort()
    sorts.push(performance.now() - sortStart)
  }
  return {
    ms: round(median(times)),
    cpuMs: round(median(cpuTimes)),
    sortMs: round(median(sorts)),
    bytesPerHold: Math.round(median(kept) / count),
    events: events.length,
    overlaps,
  }
}

function history(count: number, broken: boolean, recorded: boolean): Event[] {
  const events: Event[] = []
  // As the reader makes them.
  const add = (event: object) => events.push(JSON.parse(JSON.stringify(event)) as Event)
  const keys = 100
  const fences = new Array<number>(keys).fill(0)
  for (let i = 0; i < count; i++) {
    const server = i % 2
    const process = `server-${server + 1}/vu-${(i % 8) + 1}`
    const op = server * 10_000_000 + i * 2
    const keyNumber = (i >> 1) % keys
    const key = `stock:${keyNumber}`
    const t = i * 10_000
    const late = broken && i % 100 === 0 ? 5_000_000 : 0
    const token = `${i.toString(36)}-${(i * 7919).toString(36)}`
    add({ t, process, type: 'invoke', f: 'acquire', op, key, ttlMs: 2700, waitMs: 5000 })
    if (recorded) {
      add({ t: t + 500, process: 'redis-1', type: 'info', f: 'key', event: 'set', key })
      add({ t: t + 510, process: 'redis-1', type: 'info', f: 'key', event: 'expire', key })
      add({ t: t + 600, process: 'redis-1', type: 'info', f: 'key', event: 'sample', key, value: token, pttlMs: 2699 })
    }
    add({ t: t + 1000, process, type: 'ok', f: 'acquire', op, key, token, fence: String(++fences[keyNumber]!) })
    add({ t: t + 5000 + late, process, type: 'invoke', f: 'release', op: op + 1, key, grant: op })
    if (recorded) add({ t: t + 5400, process: 'redis-1', type: 'info', f: 'key', event: 'del', key })
    add({ t: t + 6000 + late, process, type: 'ok', f: 'release', op: op + 1, key, grant: op })
  }
  return events.sort((a, b) => a.t - b.t)
}

function memory(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!
}

function round(value: number): number {
  return Number(value.toFixed(2))
}
