import { wholeShare } from '../shares.ts'
import { counted, humanSpan, shownKey } from '../words.ts'
import type { Check } from './check.ts'

export const lockWithoutTtl = {
  name: 'lock-without-ttl',
  title: 'Locks that never expire',
  docs: 'A lock without a TTL is held for ever once its holder dies, and stays in memory for ever: the leak that ended in an out-of-memory kill in the incident that Picklock comes from. High; medium where only a value that looks like a token makes it a lock.',
  look: ({ patterns }) =>
    patterns
      .filter(({ lock, ttl }) => lock !== undefined && ttl[0]! > 0)
      .map(({ pattern, lock, ttl, keys, examples, idleMs }) => ({
        severity: lock!.how === 'likely' && !lock!.why.includes('name') ? ('medium' as const) : ('high' as const),
        message: `${counted(ttl[0]!, 'lock')} of ${shownKey(pattern)} ${ttl[0] === 1 ? 'has' : 'have'} no TTL: nobody gets ${ttl[0] === 1 ? 'it' : 'them'} back if the holder is gone`,
        evidence: [
          `${wholeShare(ttl[0]!, keys)} of the pattern’s keys; taken for locks because ${lock!.why}`,
          ...examples.noTtl.map((key) =>
            idleMs[key] === undefined ? shownKey(key) : `${shownKey(key)}, untouched for ${humanSpan(idleMs[key])}`,
          ),
        ],
        advice: `Take the lock with SET key token NX PX ms, in one command. What is stuck: picklock audit <url> --clean ${quoted(pattern)}`,
      })),
} satisfies Check

/** For a shell: names are somebody else's, and what is copied from here is run. */
const quoted = (pattern: string) => (/^[\w:*./{}-]+$/.test(pattern) ? `'${pattern}'` : '<its pattern>')
