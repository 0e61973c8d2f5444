import { ranOn, type Call, type Script } from '../call.ts'
import type { Operation } from './pattern.ts'

/**
 * Scripts that look whose the key is before they free or prolong it: GET, and where the token is the caller's, DEL, PEXPIRE or (redlock) SET. What
 * is missing behind GET was refused. Whether a refused one wanted to free or to prolong tells the script's text, or what it did in other calls. Returns
 * undefined for other scripts.
 */
export function readCompare({ script }: Call): Operation[] | undefined {
  if (script?.ran[0]?.name !== 'GET') return undefined
  const token = script.args[0]
  if (token === undefined) return undefined
  const looked = script.keys.filter((key) => ranOn(script, 'GET', key))
  const operations = looked.map((key) => operationOn(script, key, token))
  return operations.every((operation) => operation !== undefined) && operations.length > 0 ? operations : undefined
}

function operationOn(script: Script, key: string, token: string): Operation | undefined {
  if (ranOn(script, 'DEL', key) ?? ranOn(script, 'UNLINK', key)) return { kind: 'release', key, token, outcome: 'done' }
  const prolonged = script.ran.find(({ name, args }) => args[0] === key && Object.hasOwn(ttlOf, name))
  if (prolonged !== undefined)
    return { kind: 'renewal', key, token, ttlMs: ttlOf[prolonged.name]!(prolonged.args), outcome: 'done' }
  const does = (word: string) => script.did.has(word) || new RegExp(`['"]${word}['"]`, 'i').test(script.text ?? '')
  if (does('DEL') || does('UNLINK')) return { kind: 'release', key, token, outcome: 'refused' }
  if (Object.keys(ttlOf).some(does)) return { kind: 'renewal', key, token, ttlMs: undefined, outcome: 'refused' }
  return undefined
}

const ttlOf: Record<string, (args: readonly string[]) => number | undefined> = {
  PEXPIRE: ([, ms]) => Number(ms),
  EXPIRE: ([, seconds]) => Number(seconds) * 1000,
  PSETEX: ([, ms]) => Number(ms),
  SETEX: ([, seconds]) => Number(seconds) * 1000,
  SET: (args) => ttlOfSet(args),
  PERSIST: () => undefined,
}

/** Of `SET key value …`: ms, undefined where it has none. EXAT and PXAT need the time of the call. */
export function ttlOfSet(args: readonly string[], atUs = NaN): number | undefined {
  for (let n = 2; n < args.length - 1; n++) {
    const amount = Number(args[n + 1])
    switch (args[n]!.toUpperCase()) {
      case 'PX':
        return amount
      case 'EX':
        return amount * 1000
      case 'PXAT':
        return amount - atUs / 1000
      case 'EXAT':
        return amount * 1000 - atUs / 1000
    }
  }
  return undefined
}

export const hasWord = (args: readonly string[], word: string, from = 2): boolean =>
  args.some((arg, n) => n >= from && arg.length === word.length && arg.toUpperCase() === word)
