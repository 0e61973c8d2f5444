import type { Redis } from 'ioredis'
import { attempt, isDefinite } from '../definite.ts'
import type { Held } from '../held.ts'
import { luaScript } from '../lua.ts'
import { takeBack } from './client.ts'
import { isWorthIt, validFor, Validity } from './validity.ts'

/** What polling, announced and fenced locks on one key have in common: a value of the holder's own, compared before anything is done to it. */
export interface SingleKeyHeld extends Held {
  validForMs: number
  lost: AbortSignal
  validity: Validity
}

const extendIfMine = luaScript(import.meta.url, 'extend.lua')

/**
 * One try. `take` sends the command that takes the key if it is free and says whether it did; `letGo` gives it back if it is ours.
 * Rejects: `definite` where nothing was applied; else what may have been applied is taken back in the background.
 */
export async function tryOnce<Answer>(
  { redis, key, token, ttlMs }: { redis: Redis; key: string; token: string; ttlMs: number },
  take: () => Promise<Answer | null>,
  letGo: () => Promise<unknown>,
): Promise<{ held: SingleKeyHeld; answer: Answer } | null> {
  const askedMs = performance.now()
  const answer = await attempt(redis, take).catch((error: unknown) => {
    if (!isDefinite(error)) void takeBack(letGo, ttlMs)
    throw error
  })
  if (answer === null) return null
  const validForMs = validFor(ttlMs, askedMs)
  if (!isWorthIt(validForMs, ttlMs)) {
    // The answer took most of the lease with it: whoever comes next shall not wait for the rest.
    void takeBack(letGo, ttlMs)
    return null
  }
  const validity = new Validity(validForMs)
  return { held: { key, token, validForMs, lost: validity.lost, validity }, answer }
}

/** Prolongs the lease if it is still the caller's. */
export async function extend(
  redis: Redis,
  { key, token, validity }: SingleKeyHeld,
  ttlMs: number,
): Promise<false | { validForMs: number }> {
  const askedMs = performance.now()
  if ((await attempt(redis, () => extendIfMine(redis, [key], token, ttlMs))) !== 1) return false
  const validForMs = validFor(ttlMs, askedMs)
  if (validity.lost.aborted || validForMs <= 0) return false
  validity.prolong(validForMs)
  return { validForMs }
}
