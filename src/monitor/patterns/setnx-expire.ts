import type { Pattern } from './pattern.ts'

const units: Record<string, number> = { EXPIRE: 1000, PEXPIRE: 1, EXPIREAT: 1000, PEXPIREAT: 1, PERSIST: NaN }

/** The way from before Redis 2.6.12, when SET had no NX. */
export const setnxExpire = {
  name: 'setnx-expire',
  title: 'SETNX, then EXPIRE in a command of its own: whoever dies in between leaves a lock for ever',
  docs: 'SETNX takes it; likely where the same client sends EXPIRE afterwards, which only one does that got it. A SETNX without it is a lock without a TTL.',
  read({ name, args, atUs }) {
    const [key, second] = args as [string, string]
    if (name === 'SETNX')
      return {
        sure: 'likely',
        because: 'SETNX takes it',
        operations: [{ kind: 'attempt', key, token: second, ttlMs: undefined, outcome: 'unseen' }],
      }
    const unit = units[name]
    if (unit === undefined) return undefined
    const amountMs = Number(second) * unit
    const ttlMs = name === 'PERSIST' ? undefined : name.endsWith('AT') ? amountMs - atUs / 1000 : amountMs
    return {
      sure: 'possible',
      because: `${name} gives it a time to live`,
      operations: [{ kind: 'renewal', key, token: undefined, ttlMs, outcome: 'unseen' }],
    }
  },
} satisfies Pattern
