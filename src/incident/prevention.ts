import { latencyRows } from '../reporters/latency.ts'
import { humanCount, humanMs } from '../reporters/text.ts'
import type { Report } from '../reporters/report.ts'
import type { Block } from './block.ts'
import type { CounterMeasure } from './counter-measures/counter-measure.ts'
import { counterMeasures } from './counter-measures/index.ts'
import { damageMetrics, heading, numberText } from './parts.ts'
import type { Facts } from './facts.ts'
import { fallbacks } from './fallbacks.ts'
import { outcomeOf, served, wasCutOff } from './outcome.ts'
import type { IncidentRecord } from './record.ts'
import type { Words } from './words/words.ts'

/** What was in place, what would have helped, by how much, and what to do. */
export function prevention(record: IncidentRecord, words: Words): Block[] {
  return [heading(words, 'prevention'), ...state(record, words), ...measures(record, words), ...actions(record, words)]
}

function state({ facts, assumed, drilled, incident: { report } }: IncidentRecord, words: Words): Block[] {
  const { labels } = words
  const { fallback, ttlMs, memoryLimitMb } = facts
  return [
    heading(words, 'state', 3),
    {
      kind: 'list',
      items: [
        `${labels.fallback} ${fallback === undefined ? words.unknown : fallbacks[fallback].title[words.lang]}`,
        `${labels.ttl} ${ttlMs === undefined ? words.unknown : words.ttl(ttlMs)}`,
        `${labels.memory}: ${memoryLimitMb === undefined ? words.unknown : words.memory(memoryLimitMb)}`,
        `${labels.drilled}: ${words.drilledLock({ lock: report.lock, ...drilled })}`,
        ...(assumed.length > 0
          ? [
              `${labels.assumed}: ${assumed.map(({ fact, value }) => `${words.fact(fact as keyof Facts)} ${value}`).join(', ')}`,
            ]
          : []),
      ],
    },
  ]
}

function measures(record: IncidentRecord, words: Words): Block[] {
  const { labels } = words
  const { incident } = record
  const ran = record.measures.filter(({ after }) => after !== undefined)
  const cutOff = record.measures.filter(({ after }) => after === undefined || wasCutOff(after.report))
  const rest: Block[] =
    cutOff.length === 0
      ? []
      : [
          {
            kind: 'paragraph',
            text: words.cutOff(cutOff.map(({ name }) => counterMeasures[name].title[words.lang]).join(', ')),
          },
        ]
  if (ran.length === 0) return [heading(words, 'measures', 3), { kind: 'paragraph', text: words.nobodyRan }, ...rest]
  const shown = [...damageMetrics(incident.report), ...(ran.some(({ before }) => before) ? ['leaked_keys'] : [])]
  const row = (name: string, outcome: string, report: Report) => [name, outcome, ...figures(report, shown)]
  return [
    heading(words, 'measures', 3),
    { kind: 'paragraph', text: words.measuresNote },
    {
      kind: 'table',
      head: [
        labels.measure,
        labels.outcome,
        ...shown.map((metric) => words.metric(incident.report.workload, metric)),
        labels.done,
        labels.failed,
        labels.contended,
        labels.throughput,
        labels.wait,
      ],
      rows: [
        row(labels.incident, '', incident.report),
        ...ran.flatMap((measure) => {
          const { name, before, after } = measure
          const title = counterMeasures[name].title[words.lang]
          return [
            ...(before ? [row(`${before.report.scenario}: ${before.report.lock}`, '', before.report)] : []),
            row(title, words.outcomes[outcomeOf(measure, incident.report)], after!.report),
          ]
        }),
      ],
    },
    { kind: 'list', items: ran.map((measure) => explained(measure, words)) },
    ...rest,
  ]
}

function figures(report: Report, shown: readonly string[]): string[] {
  const { counts, rates } = report
  const wait = latencyRows(report).find(({ metric }) => metric === 'acquire_wait')
  return [
    ...shown.map((metric) => numberText(counts[metric], '–')),
    humanCount(served(report)),
    humanCount((counts['unavailable'] ?? 0) + (counts['indeterminate'] ?? 0)),
    humanCount(counts['contended'] ?? 0),
    numberText(rates['throughput'], '–'),
    wait === undefined ? '–' : humanMs(wait.summary.p95),
  ]
}

function explained({ name }: IncidentRecord['measures'][number], words: Words): string {
  const { title, change, withoutLock }: CounterMeasure = counterMeasures[name]
  const note = withoutLock === true ? ` ${words.noLockTaken}` : ''
  return `${title[words.lang]}: ${change[words.lang]}${note}`
}

function actions(record: IncidentRecord, words: Words): Block[] {
  const judged = record.measures.map((measure) => ({
    ...counterMeasures[measure.name],
    outcome: outcomeOf(measure, record.incident.report),
  }))
  const helped = judged.filter(({ outcome }) => outcome === 'prevented' || outcome === 'reduced')
  const failed = judged.filter(({ outcome }) => outcome === 'not-prevented')
  const terms = (['short', 'mid', 'long'] as const).flatMap((term): Block[] => {
    const items = helped
      .filter((each) => each.term === term)
      .map(({ action, outcome }) => `${action[words.lang]} (${words.actionMeasured(outcome)})`)
    if (term === 'short') items.push(words.keepDrill)
    if (items.length === 0) return []
    return [
      { kind: 'heading', level: 4, text: words.terms[term] },
      { kind: 'tasks', items },
    ]
  })
  return [
    heading(words, 'actions', 3),
    ...terms,
    ...(failed.length > 0
      ? [
          {
            kind: 'paragraph',
            text: words.notHelpful(failed.map(({ title }) => title[words.lang]).join(', ')),
          } as const,
        ]
      : []),
  ]
}
