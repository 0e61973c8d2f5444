import { createRequire } from 'node:module'
import type { Redis } from 'ioredis'
import { attempt, definite, isDefinite } from './definite.ts'
import type { Held } from './held.ts'
import type { Lock } from './lock.ts'
import { numberOption } from './option.ts'

/** The part of npm redlock 4.2 that is used here; it is CommonJS without types. */
interface Redlock {
  lockWithOptions(resource: string, ttlMs: number, options: { retryCount: number }): PromiseLike<RedlockLock>
  unlock(lock: RedlockLock): PromiseLike<void>
  extend(lock: RedlockLock, ttlMs: number): PromiseLike<RedlockLock>
}

interface RedlockLock {
  value: string
  /** Date.now() when it ends, drift taken off. */
  expiration: number
}

type Reply = (error: Error | null, reply?: unknown) => void

/** All that redlock asks of a client. */
interface RedlockClient {
  evalsha(sha: string, args: unknown[], reply: Reply): void
  eval(args: unknown[], reply: Reply): void
}

const RedlockClass = createRequire(import.meta.url)('redlock') as new (
  clients: RedlockClient[],
  options: { retryCount: number; retryDelay: number; retryJitter: number },
) => Redlock

/** What the nodes failed with during one call: redlock itself does not tell a held lock from a dead node. */
interface Tally {
  errors: Error[]
  failed: Set<Redis>
}

interface RedlockHeld extends Held {
  lock: RedlockLock
}

/**
 * npm `redlock` 4.2 over all logical Redis servers, with its defaults and with ioredis' defaults: it asks all nodes and waits for all of
 * them, so that a dead node whose commands wait in ioredis' offline queue holds up every call (redlock#262).
 *
 * Options: `retryDelay` (200), `retryJitter` (100), as redlock's; `commandTimeout` and `maxRetriesPerRequest`, as ioredis'; by default neither.
 * `waitMs` becomes `retryCount`: as many retries as fit.
 */
export default {
  name: 'redlock',
  capabilities: { extend: true },
  open(env) {
    const retryDelay = numberOption(env, 'retryDelay', 200)
    const retryJitter = numberOption(env, 'retryJitter', 100)
    const timeouts = {
      ...('commandTimeout' in env.options ? { commandTimeout: numberOption(env, 'commandTimeout', 0) } : {}),
      ...('maxRetriesPerRequest' in env.options
        ? { maxRetriesPerRequest: Math.floor(numberOption(env, 'maxRetriesPerRequest', 0)) }
        : {}),
    }
    const clients = Array.from({ length: env.size }, (_, node) => env.connect(node, timeouts))

    const majority = Math.floor(clients.length / 2) + 1

    /** One call of redlock's, with clients that keep the errors which it throws away. */
    async function call<Result>(run: (redlock: Redlock) => PromiseLike<Result>): Promise<{ result: Result } | Tally> {
      const tally: Tally = { errors: [], failed: new Set() }
      const listening = clients.map((client) => overheard(client, tally))
      try {
        return { result: await run(new RedlockClass(listening, { retryCount: 0, retryDelay, retryJitter })) }
      } catch (error) {
        if (!(error instanceof Error && error.name === 'LockError')) throw error
        return tally
      }
    }

    /** False if every node answered, else what the failures prove: only that all nodes refused says that nothing was applied. */
    function notOurs({ errors, failed }: Tally): false {
      if (failed.size === 0) return false
      throw failed.size === clients.length && errors.every(isDefinite) ? definite(summary(errors)) : summary(errors)
    }

    return {
      async acquire(key, { ttlMs, waitMs }): Promise<RedlockHeld | null> {
        const retryCount = Math.floor(waitMs / retryDelay)
        const outcome = await call((redlock) => redlock.lockWithOptions(key, ttlMs, { retryCount }))
        if ('result' in outcome) {
          const lock = outcome.result
          return { key, token: lock.value, validForMs: lock.expiration - Date.now(), lock }
        }
        // A majority answered all through: somebody else holds it, and what a failing minority may have kept is no lease.
        if (outcome.failed.size < majority) return null
        // What was granted was freed again by redlock, or its failure is among the errors.
        throw outcome.errors.every(isDefinite) ? definite(summary(outcome.errors)) : summary(outcome.errors)
      },
      async release({ lock }: RedlockHeld) {
        const outcome = await call((redlock) => redlock.unlock(lock))
        return 'result' in outcome || notOurs(outcome)
      },
      async extend({ lock }: RedlockHeld, ttlMs) {
        const outcome = await call((redlock) => redlock.extend(lock, ttlMs))
        return 'result' in outcome ? { validForMs: lock.expiration - Date.now() } : notOurs(outcome)
      },
    }
  },
} satisfies Lock

/** A fresh error, without the mark that one node's definite refusal carries. */
const summary = (errors: Error[]) =>
  new Error(`no quorum: ${[...new Set(errors.map(({ message }) => message))].join('; ')}`)

function overheard(client: Redis, tally: Tally): RedlockClient {
  const listen = (send: () => Promise<unknown>, reply: Reply) => {
    attempt(client, send).then(
      // In braces: redlock's callback returns a promise of its own that may fail, and is nothing to us.
      (answer) => {
        reply(null, answer)
      },
      (error: Error) => {
        // Not a failure: redlock sends the script whole then.
        if (!error.message.startsWith('NOSCRIPT')) {
          tally.errors.push(error)
          tally.failed.add(client)
        }
        reply(error)
      },
    )
  }
  return {
    evalsha: (sha, args, reply) => listen(() => client.call('evalsha', sha, ...(args as string[])), reply),
    eval: (args, reply) => listen(() => client.call('eval', ...(args as [string, ...string[]])), reply),
  }
}
