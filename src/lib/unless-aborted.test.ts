import { expect, test } from 'vitest'
import { unlessAborted } from './unless-aborted.ts'

const never = new Promise<never>(() => {})
const reason = new Error('interrupted')

test('what comes in time counts, a rejection too', async () => {
  const { signal } = new AbortController()
  expect(await unlessAborted(Promise.resolve(7), signal)).toBe(7)
  await expect(unlessAborted(Promise.reject(new Error('no')), signal)).rejects.toThrow('no')
})

test('an abort ends the wait, before it or in it', async () => {
  const before = AbortSignal.abort(reason)
  await expect(unlessAborted(never, before)).rejects.toBe(reason)
  const within = new AbortController()
  const waiting = unlessAborted(never, within.signal)
  within.abort(reason)
  await expect(waiting).rejects.toBe(reason)
})

test('what the promise says after the abort is nobody’s unhandled rejection', async () => {
  const late = Promise.withResolvers<never>()
  await expect(unlessAborted(late.promise, AbortSignal.abort(reason))).rejects.toBe(reason)
  late.reject(new Error('late'))
  await new Promise(setImmediate)
})
