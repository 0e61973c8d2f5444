import { ranOn, type Script } from '../call.ts'
import type { Operation, Pattern } from './pattern.ts'

/** Redisson's instance and the thread in it: the field of the hash. */
const holder = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}:\d+$/

export const redisson = {
  name: 'redisson',
  title: 'Redisson’s RLock: a hash of the holder and how often it has entered, by scripts',
  docs: 'A script with a holder `<uuid>:<thread>`. Exact: hincrby behind the call says granted, pttl refused, del released, pexpire alone renewed by the watchdog. Reentries are counted apart. Read-write locks and semaphores are none of this.',
  read({ script }) {
    const holders = script?.args.filter((arg) => holder.test(arg)) ?? []
    if (script === undefined || holders.length === 0) return undefined
    // The watchdog renews several locks in one call: a holder each.
    const tokenOf = (index: number) => (holders.length === script.keys.length ? holders[index]! : holders[0]!)
    const operations = script.keys.flatMap((key, index) => operationOn(script, key, tokenOf(index)))
    if (operations.length === 0) return undefined
    return {
      sure: 'certain',
      because: 'its scripts keep the holder, <uuid>:<thread>, in a hash',
      operations,
      reveals: true,
    }
  },
} satisfies Pattern

function operationOn(script: Script, key: string, token: string): Operation[] {
  const counted = script.ran.find(
    ({ name, args }) => args[0] === key && args[1] === token && (name === 'HINCRBY' || name === 'HSET'),
  )
  const ttl = ranOn(script, 'PEXPIRE', key)
  const ttlMs = ttl && Number(ttl.args[1])
  if (counted !== undefined && !(Number(counted.args[2]) < 0))
    return [{ kind: 'attempt', key, token, ttlMs, outcome: 'done' }]
  if (counted !== undefined)
    // It had entered more often than it has left: still its own.
    return ranOn(script, 'DEL', key) ? [{ kind: 'release', key, token, outcome: 'done' }] : []
  if (ranOn(script, 'PTTL', key) && !script.did.has('PUBLISH'))
    return [{ kind: 'attempt', key, token, ttlMs: Number(script.args[0]) || undefined, outcome: 'refused' }]
  if (!ranOn(script, 'HEXISTS', key)) return []
  if (ttl !== undefined) return [{ kind: 'renewal', key, token, ttlMs, outcome: 'done' }]
  const frees = script.did.has('DEL') || (script.text?.includes("'del'") ?? false)
  return [
    frees
      ? { kind: 'release', key, token, outcome: 'refused' }
      : { kind: 'renewal', key, token, ttlMs, outcome: 'refused' },
  ]
}
