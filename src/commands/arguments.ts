import { InvalidArgumentError } from '@commander-js/extra-typings'

/** Parsers of option arguments that several commands share. */

/** Of an option that may be given several times. */
export const collect = (text: string, before: string[]): string[] => [...before, text]

export function parseRate(text: string): number {
  if (!/^[1-9]\d{0,7}$/.test(text)) throw new InvalidArgumentError('It takes a whole number from 1 on.')
  return Number(text)
}
