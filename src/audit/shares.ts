import { humanShare } from './words.ts'

/** `all`, or `12 %`. */
export const wholeShare = (part: number, whole: number): string => (part === whole ? 'all' : humanShare(part / whole))
