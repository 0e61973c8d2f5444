import { counted } from '../words.ts'
import type { Check } from './check.ts'

/** A lock's renewal waits for that long. */
const slowMs = 10
const badMs = 100
const shownMax = 5

export const slowCommands = {
  name: 'slow-commands',
  title: 'Commands during which nobody could take, renew or give back a lock',
  docs: 'Redis serves one command at a time: a KEYS or a script of 300 ms delays every lock for as long. Looks at SLOWLOG, from 10 ms on; arguments are not shown. Low; medium from 100 ms on.',
  look: ({ slowlog = [] }) => {
    const slow = slowlog.filter(({ tookMs }) => tookMs >= slowMs).toSorted((a, b) => b.tookMs - a.tookMs)
    const [slowest] = slow
    if (slowest === undefined) return []
    return [
      {
        severity: slowest.tookMs >= badMs ? ('medium' as const) : ('low' as const),
        message: `${counted(slow.length, 'command')} blocked Redis for ${slowMs} ms or longer, the slowest (${slowest.command}) for ${Math.round(slowest.tookMs)} ms`,
        evidence: slow
          .slice(0, shownMax)
          .map(({ command, tookMs, at }) => `${command}, ${Math.round(tookMs)} ms, at ${at}`),
        advice: 'SCAN instead of KEYS, smaller scripts and ranges, UNLINK instead of DEL; or another Redis for them.',
      },
    ]
  },
} satisfies Check
