import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection } from '../live/connection.ts'
import { refused } from '../live/failure.ts'
import { Refusal, textOf } from '../live/resp.ts'

export interface SampleOptions {
  isLock(key: string): boolean
  seen(key: string, pttl: number): void
  /** Keys per second, at most. */
  rate: number
  signal: AbortSignal
}

const scanCount = 250

/** Looks once at all keys of the database, and asks PTTL of those that are locks. */
export async function sampleLocks(
  connection: Connection,
  { isLock, seen, rate, signal }: SampleOptions,
): Promise<void> {
  const startMs = performance.now()
  let looked = 0
  let cursor = '0'
  do {
    signal.throwIfAborted()
    const page = await connection.ask('SCAN', cursor, 'COUNT', String(scanCount))
    const [next, names] = Array.isArray(page) ? page : []
    cursor = textOf(next)
    const locks = Array.isArray(names) ? names.map(textOf).filter(isLock) : []
    const pttls = await connection.askAll(locks.map((key) => ['PTTL', key]))
    locks.forEach((key, at) => {
      const pttl = pttls[at]
      if (pttl instanceof Refusal) throw refused(connection.where, 'PTTL', pttl)
      seen(key, Number(pttl))
    })
    looked += scanCount
    const aheadMs = (looked / rate) * 1000 - (performance.now() - startMs)
    if (aheadMs >= 1 && cursor !== '0') await sleep(aheadMs, undefined, { signal })
  } while (cursor !== '0')
}
