import { ranOn, type Call, type Script } from '../call.ts'
import { ttlOfSet } from './compare.ts'
import type { Operation, Pattern } from './pattern.ts'

const lineMark = 'picklock:line:'

/** Picklock's reference lock (locks/reference): its scripts name the line of those who wait as their second key. */
export const reference = {
  name: 'reference',
  title: 'Picklock’s reference lock: SET NX in a script, with a fence and a line of those who wait',
  docs: 'Certain by its second key, `picklock:line:<lock>`. Exact. A hand-over inside a process is a release and an acquisition in one call.',
  read(call) {
    const { script } = call
    const line = script?.keys[1]
    if (script === undefined || line === undefined || !line.includes(lineMark)) return undefined
    const key = script.keys[0]!
    const operations = operationsOf(call, script, key)
    return operations.length === 0
      ? undefined
      : {
          sure: 'certain',
          because: `its scripts keep a line of those who wait, ${lineMark}…`,
          operations,
          reveals: true,
        }
  },
} satisfies Pattern

function operationsOf(call: Call, script: Script, key: string): Operation[] {
  const [first, second] = script.ran
  const [token = ''] = script.args
  if (first?.name === 'SET') {
    const refused = second?.name === 'GET' && ranOn(script, 'PEXPIRE', key) === undefined
    return [
      { kind: 'attempt', key, token, ttlMs: ttlOfSet(first.args, call.atUs), outcome: refused ? 'refused' : 'done' },
    ]
  }
  if (first?.name !== 'GET') return []
  const freed = ranOn(script, 'DEL', key) !== undefined
  // A hand-over: token, next token, its TTL.
  if (script.args.length >= 4) {
    const [, next = '', ttl] = script.args
    const taken = ranOn(script, 'PSETEX', key) !== undefined
    return [
      { kind: 'release', key, token, outcome: freed ? 'done' : taken ? 'unseen' : 'refused' },
      { kind: 'attempt', key, token: next, ttlMs: Number(ttl), outcome: taken ? 'done' : 'refused' },
    ]
  }
  // Without a token it only wakes the next one in line.
  return token === '' ? [] : [{ kind: 'release', key, token, outcome: freed ? 'done' : 'refused' }]
}
