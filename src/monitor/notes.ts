import { plural } from '../reporters/text.ts'
import type { Capture } from './capture.ts'
import type { LockTally } from './lock-tally.ts'
import { shown } from './words.ts'

/** A jump back of less is two threads of one server. */
const backMinUs = 1000

/** What this capture cannot tell, in sentences. */
export function notesOf(capture: Capture, locks: readonly LockTally[]): string[] {
  const { traffic } = capture
  const said: (string | false)[] = [
    traffic.lines === traffic.foreign &&
      (traffic.lines === 0
        ? 'the capture is empty: not one line'
        : `none of the ${plural(traffic.lines, 'line')} is one that MONITOR writes (1764697261.006180 [0 10.0.0.4:47060] "set" …)`),
    traffic.lines > traffic.foreign &&
      locks.length === 0 &&
      `no lock in ${plural(traffic.commands, 'command')}: no SET NX or SETNX that anybody contended for or freed, and no script of a lock that is known; a lock that works in another way, or one that nobody used in that time, does not show`,
    traffic.foreign > 0 &&
      traffic.foreign < traffic.lines &&
      `${plural(traffic.foreign, 'line')} of ${traffic.lines} ${traffic.foreign === 1 ? 'is' : 'are'} none of MONITOR's and ${traffic.foreign === 1 ? 'was' : 'were'} passed over`,
    traffic.cut > 0 &&
      `${plural(traffic.cut, 'line')} ${traffic.cut === 1 ? 'is' : 'are'} cut off and ${traffic.cut === 1 ? 'was' : 'were'} not counted`,
    capture.overlong > 0 && `of ${plural(capture.overlong, 'line')} beyond 1 MiB only the beginning was read`,
    traffic.orphans > 0 &&
      `${plural(traffic.orphans, 'command')} of scripts whose call is not in the capture (it begins in one, or was filtered) ${traffic.orphans === 1 ? 'was' : 'were'} not counted`,
    traffic.backUs >= backMinUs &&
      `the time goes back by up to ${(traffic.backUs / 1000).toFixed(0)} ms: several captures in one file, or a clock that was set; durations across that place are wrong`,
    traffic.cluster > 0 &&
      'the clients are those of a Redis Cluster: MONITOR shows one node, so locks whose slots are on others are missing here',
    ofLocks(
      locks,
      ({ before }) => before > 0,
      (keys) => `${keys} was held when the capture began: since when and for how long is not known`,
    ),
    ofLocks(
      locks,
      ({ ends }) => ends.open > 0,
      (keys) => `${keys} was still held when the capture ended: that hold has no length`,
    ),
    ofLocks(
      locks,
      ({ ends }) => ends.expired > 0,
      (keys) => `of ${keys} some were left to expire: how long their holders worked is not seen`,
    ),
    ofLocks(
      locks,
      ({ ends }) => ends.gone > 0,
      (keys) =>
        `${keys} was gone while it was held, and no command here did it: an eviction, a restart, or lines that are missing`,
    ),
    ofLocks(
      locks,
      (tally) => !tally.tellsWaits,
      (keys) =>
        `each attempt on ${keys} has a token of its own, so which of them were one caller's, and how long it waited, cannot be told`,
    ),
    ofLocks(
      locks,
      (tally) => tally.pattern().name === 'redlock',
      (keys) =>
        `${keys}: if the Redlock has several nodes, these are the votes of the one that was captured, and a grant here need not have been a majority`,
    ),
    !capture.holds.whole &&
      'there are more holds than a page can show: the timeline and the order of acquisition have every n-th of them, the figures all',
    capture.families.keys > 0 &&
      `there are more keys than can be told one by one: of ${capture.families.keys} only the sums are kept`,
  ]
  return said.filter((sentence) => sentence !== false)
}

const namedMax = 3

function ofLocks(
  locks: readonly LockTally[],
  which: (tally: LockTally) => boolean,
  sentence: (keys: string) => string,
): string | false {
  const some = locks.filter(which)
  if (some.length === 0) return false
  const names = some.slice(0, namedMax).map(({ id }) => shown(id.key))
  return sentence(names.join(', ') + (some.length > namedMax ? ` and ${some.length - namedMax} more` : ''))
}
