import { type Redis } from 'ioredis'

/**
 * Definite or not: does this failure of a Redis command prove that nothing was applied?
 *
 * Two failures do: a refusal by a reply, and a command that never left this process. What makes it hard is that ioredis, as it comes,
 * sends a command again when the connection dropped under it (`autoResendUnfulfilledCommands`): the reply that we see may then be the
 * second attempt's, and the first may have been applied. So a proof holds only where the client does not resend, or where its
 * connection did not drop during the call.
 */

/** Replies with which Redis says that it did not even begin. */
const refusals = [
  'OOM',
  'READONLY',
  'LOADING',
  'BUSY',
  'MISCONF',
  'NOREPLICAS',
  'MASTERDOWN',
  'NOAUTH',
  'NOPERM',
  'CLUSTERDOWN',
]

/** ioredis' words for a command that was not written, when its offline queue is off. */
const neverWritten = "Stream isn't writeable and enableOfflineQueue options is false"

/** Does this error, taken as the fate of a *single* attempt, prove that nothing was applied? */
export function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (error.message === neverWritten) return true
  // A dial that failed before a byte was sent; Node reports several addresses as one AggregateError with the code of the last.
  if ('syscall' in error && error.syscall === 'connect') return true
  if (error.name !== 'ReplyError') return false
  if (/max number of clients/i.test(error.message)) return true
  return refusals.includes(error.message.split(' ', 1)[0]!)
}

/**
 * Sends one command and marks its failure with `definite: true` where it proves that nothing was applied.
 *
 *     const reply = await attempt(redis, () => redis.set(key, token, 'PX', ttlMs, 'NX'))
 */
export async function attempt<Reply>(redis: Redis, send: () => Promise<Reply>): Promise<Reply> {
  const dropsBefore = drops(redis)
  try {
    return await send()
  } catch (error) {
    const once = redis.options.maxRetriesPerRequest === 0 || drops(redis) === dropsBefore
    throw once && isRefusal(error) ? definite(error as Error) : error
  }
}

/** The same error with the contract's mark on it. */
export function definite(error: Error): Error & { definite: true } {
  return Object.assign(error, { definite: true as const })
}

export const isDefinite = (error: unknown): boolean =>
  error instanceof Error && 'definite' in error && error.definite === true

const dropsOf = new WeakMap<Redis, { count: number }>()

/** How often this client's connection has closed since it was first asked about. */
function drops(redis: Redis): number {
  const known = dropsOf.get(redis)
  if (known) return known.count
  const fresh = { count: 0 }
  dropsOf.set(redis, fresh)
  redis.on('close', () => fresh.count++)
  return 0
}
