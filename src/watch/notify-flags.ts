/** Of notify-keyspace-events (https://redis.io/docs/latest/develop/pubsub/keyspace-notifications/): what has to be on to see a lock come and go. */
const needed = ['E', 'g', '$', 'h', 'x', 'e']
/** `A` stands for these. */
const allOf = 'g$lshzxetd'

/** Whether locks are told of by keyevent messages. */
export const tellsLocks = (flags: string): boolean => needed.every((flag) => has(flags, flag))

/** What is on already, and what is needed besides. */
export const withLocks = (flags: string): string => flags + needed.filter((flag) => !has(flags, flag)).join('')

const has = (flags: string, flag: string) => flags.includes(flag) || (flags.includes('A') && allOf.includes(flag))

/** Redis gives the letters back in an order of its own. */
export const sameFlags = (one: string, other: string): boolean => sorted(one) === sorted(other)

const sorted = (flags: string) =>
  [...new Set((flags.includes('A') ? flags + allOf : flags).replaceAll('A', ''))].toSorted().join('')
