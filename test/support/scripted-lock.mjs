/**
 * A lock that does what the key's number says, for tests of the server around it. It excludes nobody. Options: `script`, from key to
 * behaviour; `journal`, a file that gets a letter for every acquire.
 */
import { appendFileSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'

const fail = (message, definite) => Object.assign(new Error(message), definite && { definite: true })

const acquires = {
  grant: () => ({ token: 'token', fence: 7, validForMs: 1000 }),
  bare: () => ({}),
  contended: () => null,
  unavailable: () => {
    throw fail('OOM command not allowed', true)
  },
  indeterminate: () => {
    throw fail('Command timed out', false)
  },
  nonsense: () => true,
  lost: () => {
    const lost = new AbortController()
    setTimeout(() => lost.abort(), 1)
    return { lost: lost.signal }
  },
  astray: () => {
    setImmediate(() => {
      throw new Error('thrown outside of any call')
    })
    void Promise.reject(new Error('rejected outside of any call'))
    return {}
  },
  refusing: () => ({ validForMs: 20 }),
}

export default {
  name: 'scripted',
  capabilities: { fencing: true },
  open: ({ options: { script = {}, journal } }) => ({
    async acquire(key) {
      if (journal) appendFileSync(journal, 'a')
      await turn()
      return acquires[script[key] ?? 'grant']()
    },
    release: async () => true,
    extend: async (grant) => grant.validForMs !== 20,
    counters: () => ({ jokes: 3, nonsense: Number.NaN }),
  }),
}
