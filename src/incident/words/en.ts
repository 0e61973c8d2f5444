import { inWords } from '../../ledger/words.ts'
import type { DamageMetric } from '../../ledger/books/book.ts'
import { humanMs, plural } from '../../reporters/text.ts'
import { ledgerMetrics } from '../../ledger/words.ts'
import type { Words } from './words.ts'

const isLedger = (metric: string): metric is (typeof ledgerMetrics)[number] =>
  (ledgerMetrics as readonly string[]).includes(metric)

const others: Record<string, string> = {
  overlaps: 'two holders at once',
  leaked_keys: 'keys left behind',
  requests: 'requests',
  done: 'done',
  refused: 'refused (sold out, limit reached)',
  repeated: 'recognised as done before',
  contended: 'gave up waiting for the lock',
  unavailable: 'refused: the lock was not to be had',
  indeterminate: 'failed with an uncertain outcome',
}

const metricName = (workload: string, metric: string) =>
  isLedger(metric)
    ? inWords(workload, metric satisfies DamageMetric, 2).replace(/^2 /, '')
    : (others[metric] ?? metric.replaceAll('_', ' '))

const facts = {
  name: 'name',
  title: 'title',
  from: 'scenario',
  topology: 'topology',
  servers: 'servers',
  lock: 'lock',
  lockOptions: 'options of the lock',
  ttlMs: 'TTL asked for, in ms',
  waitMs: 'wait for the lock, in ms',
  memoryLimitMb: 'memory limit',
  ratePerSecond: 'requests a second',
  durationMs: 'length of the drill, in ms',
  workload: 'workload',
  fallback: 'fallback',
  faults: 'fault',
  recorded: 'damage of the day',
  day: 'the day',
}

export const en: Words = {
  lang: 'en',
  unknown: 'not known',
  title: (name) => `Post-mortem: ${name}`,
  preface: ({ seed, startedAt, lock, topology, redis }) =>
    `What is called measured comes from a drill of Picklock that began at ${startedAt}: lock ${lock}, topology ${topology}, Redis ${redis}, seed ${seed}. What is called told was written down by people. Neither is guessed; what nobody told and nothing showed is "not known".`,
  headings: {
    summary: '1. Summary',
    cause: '2. The cause in short',
    timeline: '3. Timeline',
    impact: '4. Impact',
    whys: '5. Root cause (five whys)',
    unnoticed: '6. Why it was not noticed',
    response: '7. Response and recovery',
    communication: 'Communication',
    prevention: '8. What would have prevented it',
    state: '8-1. What was in place',
    measures: '8-2. Counter-measures, each run',
    actions: '8-3. Action items',
    again: '9. How to see it again',
  },
  labels: {
    name: 'Incident',
    when: 'When',
    status: 'Status',
    grade: 'Grade',
    effect: 'Effect',
    told: 'Told',
    measured: 'Measured',
    time: 'time (UTC)',
    drillTime: 'of the drill',
    what: 'what',
    item: 'what',
    onTheDay: 'on the day',
    inTheDrill: 'in the drill',
    why: 'why',
    because: 'because',
    evidence: 'Evidence of the drill',
    fallback: 'Fallback:',
    ttl: 'TTL of the lock keys:',
    memory: 'Memory limit',
    drilled: 'The lock that was drilled',
    measure: 'counter-measure',
    outcome: 'outcome',
    incident: 'the incident itself',
    done: 'done',
    failed: 'failed',
    contended: 'gave up waiting',
    throughput: 'done a second',
    wait: 'wait p95',
    assumed: 'Assumed for the drill, because nobody told',
    notMeasured: 'not counted',
  },
  terms: { short: 'Short term', mid: 'Mid term', long: 'Long term' },
  outcomes: {
    prevented: 'prevented',
    reduced: 'reduced',
    'not-prevented': 'not prevented',
    unclear: 'proves nothing',
    'not-run': 'not run',
  },
  metric: metricName,
  count: (workload, metric, count) =>
    isLedger(metric) ? inWords(workload, metric, count) : `${count} × ${metricName(workload, metric)}`,
  blames: {
    lock: 'the lock itself is to blame',
    holder: 'a holder went on after the end of its lease',
    topology: 'the topology lost the key',
    unclear: 'who is to blame is not clear',
  },
  fault: (name) => name,
  fact: (name) => facts[name],
  moment(moment, workload) {
    const { what, who = '', fault = '', proof, metric = '', count = 0 } = moment
    switch (what) {
      case 'load':
        return 'the load begins'
      case 'settle':
        return 'the load is over'
      case 'end':
        return 'the drill ends'
      case 'interrupted':
        return 'the drill was interrupted'
      case 'landed':
        return `${fault} has landed on ${who}: ${proof}`
      case 'healed':
        return `${fault} on ${who} is over`
      case 'down':
        return `${who} is down`
      case 'up':
        return `${who} is up again`
      case 'paused':
        return `${who} stands still`
      case 'resumed':
        return `${who} goes on`
      case 'switch-master':
        return `${who} is the new primary`
      case 'found':
        return `first of ${count} × ${metricName(workload, metric)}, on ${who}`
      case 'ended-early':
        return `ended early: ${who} was crossed`
    }
  },
  noDamage: 'no damage was seen in the drill',
  doubts: (reasons) => `the drill is no proof: ${reasons.join('; ')}`,
  overlaps: (count, blame) => `two callers held one key at once, ${plural(count, 'time')}: ${blame}`,
  fates({ fault, fromMs, toMs, acquires }) {
    const { granted, contended, unavailable, uncertain, open, slowestMs } = acquires
    const asked = granted + contended + unavailable + uncertain + open
    return `While ${fault} was on (${humanMs(toMs - fromMs)}), ${plural(asked, 'caller')} asked for a lock: ${granted} got one, ${contended} gave up waiting, ${unavailable} were refused, ${uncertain} got an uncertain error, ${open} no answer. The slowest answer took ${humanMs(slowestMs)}.`
  },
  firstOverlap: (afterMs, fault) =>
    `Two callers were in at once for the first time ${humanMs(afterMs)} after ${fault} began.`,
  errorsSeen: (failed, asked) =>
    failed === 0
      ? `None of the ${asked} callers of that time got an error from the lock: an alarm on its errors would have stayed silent.`
      : `${failed} of the ${asked} callers of that time got an error from the lock: an alarm on its errors would have had that to see.`,
  onlyInLedger: (damage) =>
    `The damage (${damage}) was counted in the database, after the drill; to the servers each of these orders was a success.`,
  ttl: (told) => (told === 'none' ? 'none: the keys did not end by themselves' : humanMs(told)),
  memory: (limitMb) => `${limitMb} MB`,
  drilledLock: ({ lock, ttlMs, waitMs, servers, rate }) =>
    `${lock}, asked for ${ttlMs} ms, waited for up to ${waitMs} ms, on ${plural(servers, 'server')}${rate === null ? '' : `, ${rate} requests a second`}`,
  scale: (drillMs) =>
    `The figures of the day are of the whole incident, those of the drill of its ${humanMs(drillMs)}: they show the same kind of damage, not the same amount.`,
  leftOut: (count) => `${count} more moments are in the drill’s report.`,
  actionMeasured: (outcome) => `measured: ${en.outcomes[outcome]}`,
  notHelpful: (titles) => `By this drill not enough by itself: ${titles}.`,
  keepDrill: 'Keep scenario.yaml as a drill, and run it for each change of the lock (picklock gate).',
  nobodyRan: 'No counter-measure was run.',
  cutOff: (titles) => `Not run to the end: ${titles}.`,
  measuresNote:
    'One run each, all with the same seed and the same faults. `failed`: the lock was refused or its outcome uncertain. "Prevented" says that the damage of the first row is gone in that run, not that it cannot come; where a row of its own stands above (ttl-leak), the keys left behind are compared with that one.',
  noLockTaken: 'No lock on Redis is taken here, so that there are no overlaps and no waits of a lock to count.',
  proofNote: 'Proof that it landed',
}
