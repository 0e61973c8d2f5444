import { Markup, markup } from '../markup.ts'
import type { Report } from '../report.ts'
import { humanMs, moment } from '../text.ts'
import { firstOf, violations } from '../timeline.ts'
import { findingOf, type Built, type FirstOverlap } from './build.ts'

/** Two servers, one key, when and why: what a reader came for, in six lines. */
export function inShort(report: Report, built: Built): Markup | undefined {
  const { first, data } = built
  if (first === undefined) return violationInShort(report, built)
  const { key, earlier, later, fromMs, toMs } = first
  const finding = findingOf(report, first)
  // The sentence's last part says what became of the key (checkers/blame.ts).
  const why = finding?.message.split(/was granted it too[;,] /)[1]
  const name = ({ server, process }: FirstOverlap['earlier']) => (earlier.server === later.server ? process : server)
  const side = (which: FirstOverlap['earlier']) =>
    markup`<b>${name(which)}</b> believed to hold it from ${moment(which.fromMs)} to ${moment(which.toMs)} (op ${which.op})`
  return markup`<h2>${overlapTitle(report, finding?.blame)}</h2><dl>
<dt>which key</dt><dd><code>${key}</code></dd>
<dt>who</dt><dd>${side(earlier)}<br>${side(later)}</dd>
<dt>both at once</dt><dd><b>from ${moment(fromMs)} on, for ${humanMs(toMs - fromMs)}</b></dd>
<dt>faults</dt><dd>${lines(faultsAround(data, first, name(earlier)))}</dd>
${why !== undefined && markup`<dt>why</dt><dd>${why}</dd>`}
${finding?.blame !== undefined && markup`<dt>to blame</dt><dd>${finding.blame}: ${blameWords[finding.blame]}</dd>`}
</dl>`
}

/** Where all overlaps have one blame, it is the first of all. */
const overlapTitle = ({ findings }: Report, blame: string | undefined) =>
  blame !== undefined && findings.filter(({ metric }) => metric === 'overlaps').length > 1
    ? `The first overlap with blame ${blame}`
    : 'The first overlap'

/** What was found where no key was held twice: in a few lines. */
function violationInShort(report: Report, built: Built): Markup | undefined {
  const [cause] = built.causes
  const finding = firstOf(violations(report))
  if (finding === undefined) return undefined
  const { key, atMs, ops } = finding.first!
  return markup`<h2>The first violation</h2><dl>
<dt>what</dt><dd>${finding.metric.replaceAll('_', ' ')}: ${finding.message}</dd>
<dt>which key</dt><dd><code>${key}</code></dd>
<dt>seen at</dt><dd>${moment(atMs)}</dd>
<dt>faults</dt><dd>${lines(faultsOf(built.data))}</dd>
${cause && markup`<dt>since</dt><dd>${moment(cause.atMs)}: ${cause.what} on ${cause.node}${cause.call && `, in the middle of ${cause.call.process}'s ${cause.call.f} (op ${cause.call.grant})`}</dd>`}
${onlyTheLock[finding.metric] !== undefined && markup`<dt>to blame</dt><dd>lock: ${onlyTheLock[finding.metric]}</dd>`}
${ops.length > 0 && markup`<dt>operation</dt><dd>${ops.map((op) => `op ${op}`).join(', ')}: marked ● in the table below</dd>`}
</dl>`
}

/** What was broken on purpose in the whole drill: what a lock leaves behind it may have left at any time. */
const faultsOf = ({ faults }: Built['data']): string[] =>
  faults.length === 0
    ? ['none']
    : faults.filter(({ landed }) => landed).map((fault) => `${fault.label}, ${spanOf(fault)}`)

const spanOf = ({ fromMs, toMs, healed }: { fromMs: number; toMs: number; healed: boolean }) =>
  healed ? `from ${moment(fromMs)} to ${moment(toMs)}` : `from ${moment(fromMs)} on`

/** What was broken on purpose, and who was away, since the first of the two was let in; else what was over last before that. */
function faultsAround(
  { faults, outages }: Built['data'],
  { earlier, fromMs, toMs }: FirstOverlap,
  who: string,
): string[] {
  const broken = [
    ...faults.filter(({ landed }) => landed),
    ...outages.map(({ name, what, ...span }) => ({ ...span, label: `${name} ${what}`, healed: true })),
  ]
  const on = broken.filter((fault) => fault.fromMs <= toMs && fault.toMs >= earlier.fromMs)
  if (on.length > 0)
    return on.map((fault) => {
      const span = spanOf(fault)
      if (fault.fromMs > fromMs) return `${fault.label}, ${span}: only after the overlap had begun`
      if (!fault.healed || fault.toMs >= fromMs) return `${fault.label}, ${span}: on when the overlap began`
      const begun =
        fault.fromMs <= earlier.fromMs ? `on when ${who} was granted the key` : `begun after ${who} was granted the key`
      return `${fault.label}, ${span}: ${begun}, over before the overlap`
    })
  const last = broken.filter((fault) => fault.toMs < earlier.fromMs).toSorted((a, b) => b.toMs - a.toMs)[0]
  return [
    last ? `none at that time; the last before, ${last.label}, was over at ${moment(last.toMs)}` : 'none until then',
  ]
}

const lines = (some: readonly string[]): Markup =>
  markup`${some.map((line, index) => markup`${index > 0 && new Markup('<br>')}${line}`)}`

/** What no fault can bring about. */
const onlyTheLock: Record<string, string> = {
  leaked_keys: 'how long its keys live is its own doing, whatever fails',
  foreign_releases: "it took the key of a holder, and nothing that was on takes a lock's keys away",
  overclaims: 'for how long it says to hold is its own word',
}

const blameWords = {
  lock: 'nothing that was broken here takes a key away or gives it to two, so that only its own calls are left',
  holder: 'its holder, who went on beyond the end of the lease, and not the lock',
  topology: 'the Redis topology, which lost or doubled the key, and not the lock',
  unclear: "the nodes' record does not tell whose doing it was",
}
