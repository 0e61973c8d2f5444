import { holdsOf } from '../checkers/holds.ts'
import { tableOf, type Events } from '../history/event-table.ts'
import { invokesOf } from '../history/invokes.ts'
import type { Reporter } from './reporter.ts'
import { plain } from './text.ts'

/**
 * latency.csv: every measured duration, a line each, in the order of the ends: when it ended, what it was, how long, on which key, by whom. RFC 4180.
 * The same durations as in the report's summaries (history/measure.ts); hand-overs and recoveries are of no single caller, and are left out.
 */
export const csv = {
  name: 'csv',
  title: 'Every latency, a line each, for a spreadsheet or a notebook',
  file: 'latency.csv',
  onDemand: true,
  render: ({ events }) => rows(events),
} satisfies Reporter

const head = 'at_ms,metric,duration_ms,key,process,outcome\r\n'

function rows(events: Events): string {
  const invokes = invokesOf(events)
  const holds = holdsOf(events)
  const ends: { t: number; row: string }[] = []
  const add = (t: number, metric: string, ns: number, key: string, process: string, outcome: string) =>
    ends.push({
      t,
      row: `${decimal(t / 1e6)},${metric},${decimal(ns / 1e6)},${cell(key)},${cell(process)},${outcome}\r\n`,
    })
  const { t, process: processOf, processes } = tableOf(events)
  let at = -1
  for (const event of events) {
    at++
    if (event.f === 'request') {
      add(event.t, 'request_duration', event.t - event.intendedNs, event.key, event.process, event.outcome)
      continue
    }
    if (event.f !== 'acquire' && event.f !== 'release') continue
    if (event.type === 'invoke') continue
    const invokedNs = t[invokes.before(event.op, at)]
    if (invokedNs === undefined) continue
    const outcome = event.type === 'fail' && event.error === 'contended' ? 'contended' : event.type
    // A wait in vain is no wait for a grant: it has a name of its own.
    const metric = event.f === 'release' ? 'release_duration' : event.type === 'ok' ? 'acquire_wait' : 'acquire_refused'
    add(event.t, metric, event.t - invokedNs, event.key, event.process, outcome)
  }
  for (let i = 0; i < holds.size; i++) {
    const process = processes.list[processOf[holds.okAt[i]!]!]!
    const how = holds.endNs[i] === holds.releaseNs[i] ? 'released' : 'ended'
    add(holds.endNs[i]!, 'hold_time', holds.endNs[i]! - holds.startNs[i]!, holds.keys[holds.keyOf[i]!]!, process, how)
  }
  return (
    head +
    ends
      .sort((a, b) => a.t - b.t)
      .map(({ row }) => row)
      .join('')
  )
}

const decimal = (ms: number) => String(Number(ms.toFixed(6)))

/** A key is somebody else's text: it ends no cell, and a spreadsheet takes it for no formula. */
function cell(text: string): string {
  const harmless = /^[=+\-@\t]/.test(text) ? `'${plain(text)}` : plain(text)
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}
