import type { LatencySummary, Report } from './report.ts'

/** Which latencies the summaries show, in this order, and how people call them. */
const labels: [metric: string, label: string][] = [
  ['acquire_wait', 'wait'],
  ['hold_time', 'hold'],
  ['handoff', 'hand-over'],
  ['request_duration', 'request'],
  ['k6_http_req_duration', 'k6 request'],
  ['recovery_time', 'recovery'],
]

/** Those of them that were measured at all. */
export function latencyRows({ latencyMs }: Report): { metric: string; label: string; summary: LatencySummary }[] {
  return labels.flatMap(([metric, label]) => {
    const summary = latencyMs[metric]
    return summary !== undefined && isMeasured(summary) ? [{ metric, label, summary }] : []
  })
}

function isMeasured(summary: LatencySummary | Record<string, never>): summary is LatencySummary {
  return 'count' in summary && summary.count > 0
}
