/**
 * What `picklock/checkers` gives to those who bring a history of their own: how it is read, the model of who believed to hold what and when, the checkers,
 * and the verdict. Nothing of it starts anything.
 */
export type { Blame, Checker, Evidence, Finding } from '../checkers/checker.ts'
export { checkers } from '../checkers/index.ts'
export { holdAt, holdsDuring, holdsOf, overlappingPairs, type Hold, type Holds } from '../checkers/holds.ts'
export type { Event } from '../history/event.ts'
export type { Events } from '../history/event-table.ts'
export { parseEvent } from '../history/parse.ts'
export { readHistory, type History } from '../history/reader.ts'
export { judgeHistory, type Judgement } from '../past/judge-history.ts'
export { guessPlan } from '../past/without-plan.ts'
