import type { Blame } from '../checkers/checker.ts'
import type { Verdict } from '../reporters/report.ts'

/** What the words of a verdict mean, for `picklock explain` and the reference page. */
export const verdicts: { name: Verdict; title: string; docs: string }[] = [
  {
    name: 'valid',
    title: 'the evidence suffices, and no safety threshold was crossed',
    docs: 'Every planned fault landed and was healed, enough locks were granted, also while the fault was on, and where a control was run, it was caught. This drill found nothing; others may.',
  },
  {
    name: 'invalid',
    title: 'a safety threshold was crossed',
    docs: 'The findings tell what, when, on which key and by whom, and what became of the key on its node. Doubts about the rest of the evidence do not take it back.',
  },
  {
    name: 'unknown',
    title: 'the evidence does not suffice',
    docs: 'Nothing was proven, neither way: the reasons stand in `unknownBecause`, a sentence each. Do what they ask for and run it again.',
  },
]

export const blames: { name: Blame; title: string; docs: string }[] = [
  {
    name: 'lock',
    title: "the lock's own mistake",
    docs: "The first holder's key was never gone when the second was granted, or another client deleted, overwrote or shortened it, or it ended before the time that was asked for, or the lock still claimed to hold it (`validForMs`).",
  },
  {
    name: 'holder',
    title: 'the holder went on after its lease had ended',
    docs: "The key expired at its time, and the work under it did not stop. A longer lease, a renewal, a `lost` signal that is listened to, or a fence at the resource is what helps. Where the machine stood still, it is nobody's.",
  },
  {
    name: 'topology',
    title: 'Redis lost the key',
    docs: 'A failover to a replica that never had it, a restart without data, an eviction, a flush, a moved clock, or two primaries at once. No lock on one such Redis is safe from it; a scenario may allow some in the open.',
  },
  {
    name: 'unclear',
    title: 'the record does not tell',
    docs: 'What the node did at that moment was not seen or was read too late, two primaries may have given the grants, or the lock keeps its keys under names that tell nothing. The overlap itself is certain.',
  },
]

/** How thresholds are written. */
export const thresholdSyntax = {
  comparisons: ['<', '<=', '>', '>=', '==', '!='],
  examples: [
    ["overlaps: ['count==0']", 'the default of every safety metric'],
    ["'overlaps{blame:topology}': ['count<=2']", 'a budget in the open; each other blame stays at count==0'],
    ["acquire_wait: ['p(99)<250', 'max<2000']", 'ms; percentiles are nearest rank'],
    ["errors: ['rate<0.01']", 'a share of all requests'],
    [
      "overlaps: [{ threshold: 'count==0', abortOnFail: true, delayAbortEval: '1s' }]",
      'ends the drill as soon as it is crossed, after the first second of the load',
    ],
  ],
} as const
