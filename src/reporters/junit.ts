import { ledgerMetrics } from '../ledger/words.ts'
import { metrics, type Metric } from '../plan/metrics.ts'
import type { Report } from './report.ts'
import type { Reporter } from './reporter.ts'
import { humanCount, plain } from './text.ts'

/**
 * junit.xml, as Jenkins, GitLab and others read it: a suite a drill, a case for each safety metric, one for each further threshold, and one for the evidence, so that a
 * drill that could not tell is never green. Nothing is passed without evidence: what was kept in an unknown drill is skipped.
 */
export const junit = {
  name: 'junit',
  title: 'Test results for a CI system: a case for each safety metric and each threshold',
  file: 'junit.xml',
  render: ({ report }) => renderSuites([suiteOf(report)]),
} satisfies Reporter

export interface Suite {
  name: string
  /** `picklock.oversell.single` */
  classname: string
  startedAt: string
  seconds: number
  /** Undefined ones are left out. */
  properties: Record<string, string | number | undefined>
  cases: Case[]
}

export interface Case {
  name: string
  outcome?: 'failure' | 'error' | 'skipped'
  message?: string
  /** What a person reads below the message. */
  text?: string
}

export function suiteOf(report: Report): Suite {
  return {
    name: [report.scenario, report.topology, report.lock].join(' · '),
    classname: `picklock.${report.scenario}.${report.topology}`,
    startedAt: report.startedAt,
    seconds: report.durationMs / 1000,
    properties: {
      seed: report.seed,
      commit: report.commit,
      scenario: report.scenario,
      topology: report.topology,
      lock: report.lock,
      workload: report.workload,
      verdict: report.verdict,
      control: report.control && `${report.control.lock}: ${report.control.verdict}`,
      reproduce: report.reproduce,
      ...report.versions,
    },
    cases: casesOf(report).map((one) => ({ ...one, name: `${report.lock}: ${one.name}` })),
  }
}

export function renderSuites(suites: readonly Suite[]): string {
  const time = suites.reduce((sum, { seconds }) => sum + seconds, 0).toFixed(3)
  const { skipped: _, ...totals } = totalsOf(suites.flatMap(({ cases }) => cases))
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="picklock"${attributes({ ...totals, time })}>
${suites.map(renderSuite).join('')}</testsuites>
`
}

function totalsOf(cases: readonly Case[]) {
  const count = (outcome: Case['outcome']) => cases.filter((one) => one.outcome === outcome).length
  return { tests: cases.length, failures: count('failure'), errors: count('error'), skipped: count('skipped') }
}

function renderSuite({ name, classname, startedAt, seconds, properties, cases }: Suite): string {
  const time = seconds.toFixed(3)
  // The whole drill's time is its evidence's; else a sum over the cases would count it many times.
  const timeOf = (index: number) => (index === 0 ? time : '0.000')
  return `  <testsuite${attributes({ name, ...totalsOf(cases), time, timestamp: startedAt.slice(0, 19) })}>
    <properties>
${Object.entries(properties)
  .filter(([, value]) => value !== undefined)
  .map(([property, value]) => `      <property${attributes({ name: property, value: String(value) })}/>\n`)
  .join('')}    </properties>
${cases.map((one, index) => testcase(one, classname, timeOf(index))).join('')}  </testsuite>
`
}

function testcase({ name, outcome, message, text }: Case, classname: string, time: string): string {
  const head = attributes({ name, classname, time })
  if (outcome === undefined) return `    <testcase${head}/>\n`
  const type = { failure: 'invalid', error: 'unknown', skipped: 'not told' }[outcome]
  const body = text === undefined ? '/>' : `>${escape(text)}</${outcome}>`
  return `    <testcase${head}>\n      <${outcome}${attributes({ type, message })}${body}\n    </testcase>\n`
}

function casesOf(report: Report): Case[] {
  const byMetric = Map.groupBy(report.thresholds, ({ metric }) => metric.split('{')[0]!)
  const [safety, others] = [true, false].map((wanted) =>
    [...byMetric].filter(([name]) => ((metrics as Record<string, Metric>)[name]?.kind === 'safety') === wanted),
  ) as [[string, Report['thresholds']][], [string, Report['thresholds']][]]
  return [
    evidence(report),
    ...safety.map(([name, thresholds]) => safetyCase(report, name, thresholds)),
    ...others.flatMap(([, thresholds]) => thresholds.map((threshold) => thresholdCase(report, threshold))),
  ]
}

function evidence({ verdict, unknownBecause, reproduce }: Report): Case {
  const name = 'evidence'
  if (verdict !== 'unknown') return { name }
  const [first = 'the evidence does not suffice'] = unknownBecause
  return { name, outcome: 'error', message: first, text: [...unknownBecause, `Again: ${reproduce}`].join('\n') }
}

function safetyCase(report: Report, name: string, thresholds: Report['thresholds']): Case {
  const crossed = thresholds.filter(({ ok }) => !ok)
  const sentences = report.findings.filter(({ metric }) => metric === name).map(({ message }) => message)
  const counted = crossed
    .map(({ metric, threshold, value }) => `${metric}: ${threshold} was asked, ${said(value)} counted`)
    .join('; ')
  const text = [...sentences, `Again: ${report.reproduce}`].join('\n')
  if (crossed.length > 0 && report.verdict === 'invalid')
    return { name, outcome: 'failure', message: sentences[0] ?? counted, text: `${counted}\n${text}` }
  if (crossed.length > 0) return { name, outcome: 'skipped', message: `${counted}, and it proves nothing` }
  if (report.verdict === 'unknown') return { name, outcome: 'skipped', message: 'the evidence does not suffice' }
  if (ledgerMetrics.some((metric) => metric === name) && report.counts[name] === undefined)
    return { name, outcome: 'skipped', message: 'this drill has no ledger to count it in' }
  return { name }
}

function thresholdCase(report: Report, { metric, threshold, value, ok }: Report['thresholds'][number]): Case {
  const name = `${metric} ${threshold}`
  if (ok) return { name }
  return {
    name,
    outcome: 'failure',
    message: `${metric} was ${said(value)}, asked was ${threshold}`,
    text: `Again: ${report.reproduce}`,
  }
}

const said = (value: number | null) => (value === null ? 'not measured' : humanCount(value))

/** Undefined values are left out. */
function attributes(values: Record<string, string | number | undefined>): string {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}="${escape(plain(String(value)))}"`)
    .join('')
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** What XML 1.0 has no way to write is left out, and half a character becomes a whole one. */
function escape(text: string): string {
  return (
    text
      .toWellFormed()
      // oxlint-disable-next-line no-control-regex
      .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]/g, '')
      .replaceAll(/[&<>"]/g, (character) => entities[character]!)
  )
}
