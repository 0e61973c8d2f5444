import type { Contender } from './contender.ts'
import { setNx } from './set-nx.ts'

/** Lazily, so that a process loads one lock, and one that cannot be loaded spoils no other's run. */
export const contenders = {
  reference: async () => (await import('./reference.ts')).default,
  'set-nx-1': () => setNx(1),
  'set-nx-10': () => setNx(10),
  'set-nx-50': () => setNx(50),
  'redlock-4': async () => (await import('./redlock-4.ts')).default,
  'redlock-5': async () => (await import('./redlock-5.ts')).default,
  'sesamecare-redlock': async () => (await import('./sesamecare-redlock.ts')).default,
  'redlock-universal': async () => (await import('./redlock-universal.ts')).default,
  'redis-semaphore': async () => (await import('./redis-semaphore.ts')).default,
} satisfies Record<string, () => Contender | Promise<Contender>>

export type ContenderName = keyof typeof contenders
