/**
 * Keys of the harness' own on a node (what faults fill memory with). Nothing of them is recorded, and no checker takes them for a lock's.
 * No lock may use this prefix.
 */
export const internalPrefix = '__picklock__:'

export const isInternal = (key: string): boolean => key.startsWith(internalPrefix)
