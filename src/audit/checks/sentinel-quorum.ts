import { counted, humanSpan } from '../words.ts'
import type { Check, Finding } from './check.ts'

const downAfterMaxMs = 10_000

export const sentinelQuorum = {
  name: 'sentinel-quorum',
  title: 'Whether the Sentinels can, and when they do, promote another primary',
  docs: 'Fewer than three Sentinels cannot outvote one that is cut off; a quorum of one lets a single one, which may be wrong, begin a failover, and a quorum of all lets none begin while one of them is away. Until down-after-milliseconds is over nobody gets a lock. Medium, low for a long down-after.',
  look: ({ sentinels }) => {
    if (sentinels === undefined) return []
    const count = sentinels.otherSentinels + 1
    const findings: Finding[] = []
    const evidence = [
      `${counted(count, 'Sentinel')}, quorum ${sentinels.quorum}, down-after ${humanSpan(sentinels.downAfterMs)}`,
    ]
    if (count < 3)
      findings.push({
        severity: 'medium',
        message:
          count === 1
            ? 'there is one Sentinel: nobody decides when it is away'
            : `${counted(count, 'Sentinel')} cannot decide when one of them is away`,
        evidence,
        advice: 'Run three, on three machines.',
      })
    if (sentinels.quorum < 2)
      findings.push({
        severity: 'medium',
        message: 'a single Sentinel that does not see the primary may call it down (quorum 1)',
        evidence,
        advice: 'A quorum of two of three.',
      })
    if (count >= 3 && sentinels.quorum >= count)
      findings.push({
        severity: 'medium',
        message: `no failover begins when one of the ${counted(count, 'Sentinel')} is away (quorum ${sentinels.quorum})`,
        evidence,
        advice: `A quorum of ${Math.floor(count / 2) + 1} of ${count}.`,
      })
    if (sentinels.downAfterMs > downAfterMaxMs)
      findings.push({
        severity: 'low',
        message: `a primary that dies is replaced after ${humanSpan(sentinels.downAfterMs)} at the earliest; until then nobody gets a lock`,
        evidence,
        advice: 'down-after-milliseconds of a few seconds, if the network allows it.',
      })
    return findings
  },
} satisfies Check
