import { ranOn, type Call } from '../call.ts'
import { hasWord, readCompare, ttlOfSet } from './compare.ts'
import type { Pattern, Sighting } from './pattern.ts'

/** https://redis.io/docs/latest/develop/use/patterns/distributed-locks/#correct-implementation-with-a-single-instance */
export const setNx = {
  name: 'set-nx',
  title: 'SET NX with a time to live, freed by a compare-and-delete script or by DEL',
  docs: 'SET … NX takes it; certain where a script frees it that looks at the token first, likely where somebody is refused or DEL frees it. What a SET NX met is inferred from the key: held, free, or run out by its own TTL.',
  read(call) {
    if (call.name === 'SET') return bareSet(call)
    if (call.script !== undefined) return script(call)
    if (call.name === 'DEL' || call.name === 'UNLINK')
      return {
        sure: 'likely',
        because: 'DEL frees it without a look at whose it is',
        operations: call.args.map((key) => ({ kind: 'release', key, token: undefined, outcome: 'unseen' })),
      }
    return undefined
  },
} satisfies Pattern

function bareSet({ args, atUs }: Call): Sighting | undefined {
  if (!hasWord(args, 'NX')) return undefined
  const [key, token] = args as [string, string]
  return {
    sure: 'possible',
    because: 'SET NX takes it',
    operations: [{ kind: 'attempt', key, token, ttlMs: ttlOfSet(args, atUs), outcome: 'unseen' }],
  }
}

function script(call: Call): Sighting | undefined {
  const operations = readCompare(call)
  if (operations !== undefined)
    return { sure: 'certain', because: 'a script looks at the token before it frees or prolongs it', operations }
  const [first] = call.script!.ran
  if (first?.name === 'SET' && hasWord(first.args, 'NX') && call.script!.keys.includes(first.args[0]!)) {
    const [key, token] = first.args as [string, string]
    const attempt = { kind: 'attempt', key, token, ttlMs: ttlOfSet(first.args, call.atUs), outcome: 'unseen' } as const
    return { sure: 'likely', because: 'a script takes it by SET NX', operations: [attempt] }
  }
  if (first?.name === 'SETNX' && call.script!.keys.includes(first.args[0]!)) {
    const [key, token] = first.args as [string, string]
    const expire = ranOn(call.script!, 'PEXPIRE', key) ?? ranOn(call.script!, 'EXPIRE', key)
    const ttlMs = expire && Number(expire.args[1]) * (expire.name === 'EXPIRE' ? 1000 : 1)
    const sets = call.script!.did.has('PEXPIRE') || call.script!.did.has('EXPIRE')
    const outcome = expire ? 'done' : sets ? 'refused' : 'unseen'
    return {
      sure: 'likely',
      because: 'a script takes it by SETNX',
      operations: [{ kind: 'attempt', key, token, ttlMs, outcome }],
    }
  }
  return undefined
}
