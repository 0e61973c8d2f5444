import { moment as clock } from '../reporters/text.ts'
import type { Report } from '../reporters/report.ts'
import type { Block } from './block.ts'
import type { Facts } from './facts.ts'
import { damageOf, wasCutOff } from './outcome.ts'
import { damageMetrics, heading, numberText } from './parts.ts'
import { prevention } from './prevention.ts'
import type { IncidentRecord } from './record.ts'
import { inLang } from './told.ts'
import type { Words } from './words/words.ts'

/** A post-mortem from what was told and what was measured; pure. The order and the headings are those of the seed's own report. */
export function postMortem(record: IncidentRecord, words: Words): Block[] {
  const title = record.facts.title === undefined ? record.facts.name : inLang(record.facts.title, words.lang)
  const { seed, startedAt, lock, topology, versions } = record.incident.report
  return [
    { kind: 'heading', level: 1, text: words.title(title) },
    {
      kind: 'paragraph',
      text: words.preface({ seed, startedAt, lock, topology, redis: versions['redis'] ?? words.unknown }),
    },
    ...summary(record, title, words),
    ...cause(record, words),
    ...timeline(record, words),
    ...impact(record, words),
    ...whys(record, words),
    ...unnoticed(record, words),
    ...response(record, words),
    ...prevention(record, words),
    ...again(record, words),
  ]
}

const label = (words: Words, name: keyof Words['labels']): Block => ({
  kind: 'heading',
  level: 4,
  text: words.labels[name],
})

function summary(
  { facts: { day, recorded }, incident: { report } }: IncidentRecord,
  title: string,
  words: Words,
): Block[] {
  const told = (prose: Facts['day']['when']) => (prose === undefined ? words.unknown : inLang(prose, words.lang))
  const { labels } = words
  const onTheDay = Object.entries(recorded ?? {}).map(([metric, count = 0]) =>
    words.count(report.workload, metric, count),
  )
  const effects = [
    ...(day.summary === undefined ? [] : [`(${labels.told}): ${inLang(day.summary, words.lang)}`]),
    ...(onTheDay.length > 0 ? [`(${labels.told}): ${onTheDay.join(', ')}`] : []),
    `(${labels.measured}): ${damageText(report, words)}`,
    ...(report.verdict === 'unknown' || wasCutOff(report)
      ? [`(${labels.measured}): ${words.doubts(report.unknownBecause)}`]
      : []),
  ]
  return [
    heading(words, 'summary'),
    {
      kind: 'list',
      items: [
        `${labels.name}: ${title}`,
        `${labels.when}: ${told(day.when)}`,
        `${labels.status}: ${told(day.status)}`,
        `${labels.grade}: ${told(day.grade)}`,
        ...effects.map((effect) => `${labels.effect} ${effect}`),
      ],
    },
  ]
}

/** Damage that a drill counted, in words; overlaps where there are no books. */
function damageText(report: Report, words: Words): string {
  const parts = damageMetrics(report)
    .map((metric) => [metric, report.counts[metric]!] as const)
    .filter(([, count]) => count > 0)
    .map(([metric, count]) => words.count(report.workload, metric, count))
  return parts.length > 0 ? parts.join(', ') : words.noDamage
}

function cause({ incident: { report } }: IncidentRecord, words: Words): Block[] {
  const links = [
    ...report.faults.filter(({ landed }) => landed).map(({ fault }) => words.fault(fault)),
    ...overlapsText(report, words),
    ...(damageOf(report) > 0 ? [damageText(withoutOverlaps(report), words)] : [words.noDamage]),
  ]
  return [heading(words, 'cause'), { kind: 'paragraph', text: links.join(' → ') }]
}

/** One for each who is to blame. */
function overlapsText({ findings }: Report, words: Words): string[] {
  const blames = findings.filter(({ metric }) => metric === 'overlaps')
  return blames.map(({ count, blame = 'unclear' }) => words.overlaps(count, words.blames[blame]))
}

function timeline({ facts: { day }, incident: { report, evidence } }: IncidentRecord, words: Words): Block[] {
  const { labels } = words
  const startMs = Date.parse(report.startedAt)
  return [
    heading(words, 'timeline'),
    label(words, 'told'),
    day.timeline.length === 0
      ? { kind: 'paragraph', text: words.unknown }
      : {
          kind: 'table',
          head: [labels.time.replace(/ \(.*/, ''), labels.what],
          rows: day.timeline.map(({ at, what }) => [at, inLang(what, words.lang)]),
        },
    label(words, 'measured'),
    {
      kind: 'table',
      head: [labels.time, labels.drillTime, labels.what],
      rows: evidence.moments.map((moment) => [
        new Date(startMs + moment.atMs).toISOString().slice(11, 23),
        clock(moment.atMs),
        words.moment(moment, report.workload),
      ]),
    },
    ...(evidence.momentsLeftOut > 0
      ? [{ kind: 'paragraph', text: words.leftOut(evidence.momentsLeftOut) } as const]
      : []),
  ]
}

const traffic = ['requests', 'done', 'repeated', 'refused', 'contended', 'unavailable', 'indeterminate']

function impact({ facts: { day, recorded = {} }, incident: { report } }: IncidentRecord, words: Words): Block[] {
  const { labels } = words
  const onTheDay = recorded as Record<string, number | undefined>
  const metrics = [...new Set([...Object.keys(onTheDay), ...damageMetrics(report), 'leaked_keys', ...traffic])]
  return [
    heading(words, 'impact'),
    { kind: 'paragraph', text: words.scale(report.durationMs) },
    {
      kind: 'table',
      head: [labels.item, labels.onTheDay, labels.inTheDrill],
      rows: [
        ...metrics
          .filter((metric) => onTheDay[metric] !== undefined || report.counts[metric] !== undefined)
          .map((metric) => [
            words.metric(report.workload, metric),
            numberText(onTheDay[metric], words.unknown),
            numberText(report.counts[metric], labels.notMeasured),
          ]),
        ...day.impact.map(({ what, how }) => [inLang(what, words.lang), inLang(how, words.lang), labels.notMeasured]),
      ],
    },
  ]
}

function whys({ facts: { day }, incident: { report, evidence } }: IncidentRecord, words: Words): Block[] {
  const { labels } = words
  const sentences = [
    ...overlapsText(report, words).map((text) => `${text}.`),
    ...evidence.duringFaults.map((during) => words.fates(during)),
  ]
  const quoted = [
    ...report.unknownBecause,
    ...report.findings.map(({ message }) => message),
    ...report.faults.filter(({ landed }) => landed).map(({ fault, target, proof }) => `${fault} ${target}: ${proof}`),
  ]
  return [
    heading(words, 'whys'),
    day.whys.length === 0
      ? { kind: 'paragraph', text: `${labels.told}: ${words.unknown}` }
      : {
          kind: 'table',
          head: [labels.why, labels.because],
          rows: day.whys.map(({ why, because }, index) => [
            `${index + 1}. ${inLang(why, words.lang)}`,
            inLang(because, words.lang),
          ]),
        },
    label(words, 'evidence'),
    { kind: 'list', items: sentences.length > 0 ? sentences : [words.noDamage] },
    ...(quoted.length > 0 ? [{ kind: 'code', text: quoted.join('\n') } as const] : []),
  ]
}

function unnoticed({ facts: { day }, incident: { report, evidence } }: IncidentRecord, words: Words): Block[] {
  const overlap = report.findings.filter(({ metric, first }) => metric === 'overlaps' && first !== undefined)
  const firstMs = Math.min(...overlap.map(({ first }) => first!.atMs))
  const during = evidence.duringFaults.findLast(({ fromMs }) => fromMs <= firstMs)
  const measured: string[] = []
  if (during !== undefined && Number.isFinite(firstMs))
    measured.push(words.firstOverlap(firstMs - during.fromMs, during.fault))
  const told = during ?? evidence.duringFaults[0]
  if (told !== undefined) {
    const { granted, contended, unavailable, uncertain, open } = told.acquires
    measured.push(words.errorsSeen(unavailable + uncertain, granted + contended + unavailable + uncertain + open))
  }
  if (damageOf(report) > 0 && report.counts['duplicates'] !== undefined)
    measured.push(words.onlyInLedger(damageText(withoutOverlaps(report), words)))
  return [
    heading(words, 'unnoticed'),
    {
      kind: 'list',
      items: [
        `${words.labels.told}: ${day.unnoticed === undefined ? words.unknown : inLang(day.unnoticed, words.lang)}`,
        ...measured.map((sentence) => `${words.labels.measured}: ${sentence}`),
      ],
    },
  ]
}

/** Where there are books, the damage in them is what a reader wants; overlaps are told apart. */
function withoutOverlaps(report: Report): Report {
  const { overlaps: _, ...kept } = report.counts
  return kept['duplicates'] === undefined ? report : { ...report, counts: kept }
}

function response({ facts: { day } }: IncidentRecord, words: Words): Block[] {
  const listed = (items: Facts['day']['response']): Block =>
    items.length === 0
      ? { kind: 'paragraph', text: `${words.labels.told}: ${words.unknown}` }
      : { kind: 'list', items: items.map((item) => inLang(item, words.lang)) }
  return [
    heading(words, 'response'),
    listed(day.response),
    { kind: 'heading', level: 3, text: words.headings.communication },
    listed(day.communication),
  ]
}

function again({ incident, measures: all }: IncidentRecord, words: Words): Block[] {
  const runs = [incident, ...all.flatMap(({ before, after }) => [before, after])].filter((run) => run !== undefined)
  return [
    heading(words, 'again'),
    { kind: 'code', text: [...new Set(runs.map(({ report }) => report.reproduce))].join('\n') },
    { kind: 'list', items: runs.map(({ folder }) => `${folder}/report.html`) },
  ]
}
