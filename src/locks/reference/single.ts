import { isDefinite } from '../definite.ts'
import type { Held } from '../held.ts'
import type { LockEnv, OpenLock } from '../lock.ts'
import { numberOption } from '../option.ts'
import { pause } from '../pause.ts'
import { cleaner } from './cleaner.ts'
import { jittered, newToken, validity } from './lease.ts'
import { lockNode } from './node.ts'

const pollMs = 15

/**
 * One logical Redis, alone or behind Sentinel. A lease counts from before its request was sent. An attempt whose reply was lost is
 * repeated with the same token, which the script recognises, so that its own key never refuses it.
 */
export async function openSingle(env: LockEnv): Promise<OpenLock> {
  const node = lockNode(env, 0, numberOption(env, 'timeoutMs', 1000))
  const cleaning = cleaner()
  await node.ready

  return {
    async acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
      const giveUpAt = performance.now() + waitMs
      let token = newToken()
      let doubt: unknown
      let refusal: unknown
      let sentAt = performance.now()
      while (true) {
        try {
          const fence = await node.acquire(key, token, ttlMs)
          refusal = undefined
          if (fence !== null) {
            const validForMs = validity(sentAt, ttlMs)
            if (validForMs > 0) return { key, token, fence, validForMs }
            // It came too late to be worth anything. A token whose delete is under way is not used again.
            cleaning.clean(node, key, token, sentAt + ttlMs)
            token = newToken()
          }
        } catch (error) {
          if (isDefinite(error)) refusal = error
          else doubt = error
        }
        const waitedMs = jittered(pollMs)
        if (signal.aborted || performance.now() + waitedMs > giveUpAt) break
        await pause(waitedMs, signal)
        sentAt = performance.now()
      }
      if (doubt !== undefined) {
        cleaning.clean(node, key, token, sentAt + ttlMs)
        throw doubt
      }
      if (refusal !== undefined) throw refusal
      return null
    },

    async release({ key, token, validForMs }: Held) {
      try {
        return await node.release(key, token)
      } catch (error) {
        // Belief has ended; the next holder need not wait for the expiry.
        cleaning.clean(node, key, token, performance.now() + (validForMs ?? 0))
        throw error
      }
    },

    async extend({ key, token }: Held, ttlMs) {
      const sentAt = performance.now()
      if (!(await node.extend(key, token, ttlMs))) return false
      return { validForMs: validity(sentAt, ttlMs) }
    },

    async close() {
      await cleaning.close()
      node.close()
    },
  }
}
