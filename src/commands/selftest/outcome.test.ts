import { expect, test } from 'vitest'
import { invalidExample, report, unknownExample } from '../../../test/support/reports.ts'
import { exitCodeOf, outcomeOf, rowsOf, type Outcome } from './outcome.ts'
import { renderMarkdown } from './markdown.ts'
import { progressLine, renderTable } from './table.ts'

const invalid = invalidExample().report
const broken = { kind: 'broken', claimed: true, metric: 'overlaps' } as const
const sound = { kind: 'sound', claimed: true, metric: undefined } as const

test('caught: invalid, by a finding whose threshold was crossed', () => {
  expect(outcomeOf(invalid, broken)).toMatchObject({
    result: 'caught',
    metrics: ['overlaps', 'duplicates'],
    named: true,
    afterMs: 5871,
  })
  expect(outcomeOf(invalid, { ...broken, metric: 'leaked_keys' })).toMatchObject({ result: 'caught', named: false })
})

test('what was found within its budget caught nobody', () => {
  const budgeted = { ...report(), findings: invalid.findings, thresholds: [] }
  expect(outcomeOf(budgeted, broken)).toMatchObject({ result: 'missed', metrics: [], afterMs: null })
})

test('a lock that only serves badly is caught by the threshold that the corpus names, and by no other of service', () => {
  const crossed = { metric: 'false_contention', threshold: 'count==0', value: 12, ok: false }
  const slow = { ...report(), thresholds: [crossed] }
  const named = { ...broken, metric: 'false_contention' }
  expect(outcomeOf(slow, named)).toMatchObject({ result: 'caught', metrics: ['false_contention'], named: true })
  expect(outcomeOf(slow, broken)).toMatchObject({ result: 'missed', metrics: [] })
  expect(outcomeOf(slow, sound).result).toBe('passed')
  expect(outcomeOf({ ...slow, thresholds: [{ ...crossed, ok: true }] }, named).result).toBe('missed')
})

test('what only the ledger shows is known at the end', () => {
  const findings = invalid.findings.filter(({ metric }) => metric === 'duplicates')
  expect(outcomeOf({ ...invalid, findings }, broken).afterMs).toBe(invalid.durationMs)
})

test('sound locks pass or are accused; a drill that cannot tell is neither', () => {
  expect(outcomeOf(report(), sound).result).toBe('passed')
  expect(outcomeOf(invalid, sound).result).toBe('false alarm')
  const unknown = outcomeOf(unknownExample().report, sound)
  expect(unknown.result).toBe('unknown')
  expect(unknown.because).toContain('did not land')
})

const outcome = (result: Outcome['result'], more: Partial<Outcome> = {}): Outcome => ({
  ...outcomeOf(invalid, result === 'passed' || result === 'false alarm' ? sound : broken),
  result,
  ...more,
})

test('1 for a miss or a false alarm, else 4 for a doubt, else 0; what nothing is claimed of does not count', () => {
  expect(exitCodeOf([outcome('caught'), outcome('passed')])).toBe(0)
  expect(exitCodeOf([outcome('caught'), outcome('unknown')])).toBe(4)
  expect(exitCodeOf([outcome('unknown'), outcome('missed')])).toBe(1)
  expect(exitCodeOf([outcome('unknown'), outcome('false alarm')])).toBe(1)
  expect(exitCodeOf([outcome('caught'), outcome('missed', { claimed: false })])).toBe(0)
})

const naive = { lock: 'naive', scenario: 'oversell', topology: 'single' }
const some = [
  outcome('caught', { ...naive, seed: 1, afterMs: 800 }),
  outcome('caught', { ...naive, seed: 2, afterMs: 1400, named: false, metrics: ['duplicates'] }),
  outcome('missed', { ...naive, lock: 'no-ttl', metrics: [], afterMs: null, because: '', folder: 'reports/x' }),
  outcome('passed', { ...naive, lock: 'polling', metrics: [], afterMs: null }),
  outcome('caught', { ...naive, scenario: 'herd', claimed: false }),
]

test('runs of one lock in one drill are one row', () => {
  expect(rowsOf(some).map(({ lock, scenario, good, outcomes }) => [lock, scenario, good, outcomes.length])).toEqual([
    ['naive', 'oversell', 2, 2],
    ['no-ttl', 'oversell', 0, 1],
    ['polling', 'oversell', 1, 1],
    ['naive', 'herd', 1, 1],
  ])
})

test('the table tells k of n, by what, and what to do about the rest', () => {
  expect(renderTable(some, { color: 0 })).toMatchInlineSnapshot(`
    "
        broken    scenario                topology  caught    by                                    after
      ✓ naive     oversell                single    2/2       overlaps, duplicates (as named: 1/2)  800 ms – 1.40 s
      ✗ no-ttl    oversell                single    0/1                                             –

        sound                                       passed
      ✓ polling   1 drill that it claims            1/1

      MISSED  oversell · single · no-ttl · seed 42
        report  reports/x/report.html
        again   picklock run primary-kill --lock set-nx --seed 42

      2 of 3 drills caught their broken lock (2 locks) · 1 of 1 passed their sound one (1 lock) · 0 false alarms
    "
  `)
})

test('a line on stderr for each', () => {
  expect(progressLine(some[0]!, 3, 20)).toMatchInlineSnapshot(
    `"✓  3/20  oversell · single · naive: caught after 800 ms by overlaps, duplicates"`,
  )
  expect(progressLine(some[2]!, 20, 20)).toMatchInlineSnapshot(`"✗ 20/20  oversell · single · no-ttl: missed"`)
})

test('Markdown for docs/detection.md', () => {
  expect(renderMarkdown(some)).toMatchInlineSnapshot(`
    "# What is caught, and where

    Written by \`picklock selftest --format markdown\`. A broken lock is wrong in one way that was seen in the field; a sound one is right, and a drill that accuses it
    in a scenario that it claims to survive is a false alarm.

    ## Each broken lock in the scenario that was made for its bug

    | lock | the bug | scenario | topology | caught | by | first seen after |
    | --- | --- | --- | --- | --- | --- | --- |
    | [naive](../src/locks/broken/naive.ts) | GET, then SET; the classic | oversell | single | 2/2 | overlaps, duplicates | 1.40 s |
    | [no-ttl](../src/locks/broken/no-ttl.ts) | keys without a time to live | oversell | single | 0/1 | – | – |

    ## Each sound lock in all that it claims to survive

    | lock | what it is | drills | passed |
    | --- | --- | --- | --- |
    | [polling](../src/locks/sound/polling.ts) | SET NX PX with a token, polled, honest about time and errors | 1 | 1/1 |

    ## Every lock in every scenario

    O overlaps, D damage in the ledger, F fences, R foreign releases, C overclaims, L leaked keys, N contention about nothing, U unsettled calls,
    – nothing was found, ? the drill could not tell, empty: not made for it. Bold is what the corpus claims.

    A lock is run once in each scenario, on the first of the scenario's topologies that it is made for. So far that was done for 1 of 90 locks.

    | lock | herd | oversell |
    | --- | --- | --- |
    | naive | OD | **OD** |
    "
  `)
})
