/**
 * Keys of the harness' own on a node (what faults fill memory with). Nothing of them is recorded, and no checker takes them for a lock's.
 * No lock may use this prefix.
 */
export const internalPrefix = '__picklock__:'

export const isInternal = (key: string): boolean => key.startsWith(internalPrefix)

/** What the guard `lua` keeps on Redis beside the locks (workloads/guards/shelf.ts): the shop's books, and no lock's either. */
const shelfKey = /^(left|taken):/

/** Which keys are none of the lock's in a drill with this guard. */
export const othersThan = (guard: unknown): ((key: string) => boolean) =>
  guard === 'lua' ? (key) => isInternal(key) || shelfKey.test(key) : isInternal
