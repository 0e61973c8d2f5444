import { stripVTControlCharacters } from 'node:util'
import { withoutUnreadable } from '../lib/unreadable.ts'
import type { DamageMetric } from '../ledger/books/book.ts'
import { inWords } from '../ledger/words.ts'

/** Small words and numbers that several reporters share. */

/** A duration for a person: `40 µs`, `1.2 ms`, `41 ms`, `2.31 s`, `1 min 5 s`. */
export function humanMs(ms: number): string {
  if (!Number.isFinite(ms)) return '–'
  // Boundaries are where rounding would print the next unit's first number: 0.0999 ms is `100 µs`, 999.7 ms is `1.00 s`.
  const size = Math.abs(ms)
  if (size < 0.0995) return `${Math.round(ms * 1000)} µs`
  if (size < 9.95) return `${ms.toFixed(1)} ms`
  if (size < 999.5) return `${Math.round(ms)} ms`
  if (size < 9_995) return `${(ms / 1000).toFixed(2)} s`
  if (size < 119_950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  return `${Math.trunc(seconds / 60)} min ${Math.abs(seconds % 60)} s`
}

/** A moment of the drill, to the millisecond, as findings name it: `5.871 s`. */
export function moment(ms: number): string {
  return `${(ms / 1000).toFixed(3)} s`
}

/** `2 holds`, `1 hold`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${humanCount(count)} ${count === 1 ? one : many}`
}

/** The damage of the real incident that a scenario replays, as the damage of the drill is told. */
export const recordedText = (recorded: Record<string, number>, workload: string): string =>
  Object.entries(recorded)
    .map(([metric, count]) => inWords(workload, metric as DamageMetric, count))
    .join(' · ')

/** Counts and rates: whole from 100 on, at most two decimals below; no thousands separators, so that numbers can be copied. */
export function humanCount(value: number): string {
  if (Number.isInteger(value)) return String(value)
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toFixed(2)))
}

/**
 * Text from a lock, a key or an error is somebody else's: what could move the cursor or colour the terminal is taken out, other control
 * characters (line breaks and changes of the writing direction too) become a space.
 */
export function plain(text: string): string {
  return withoutUnreadable(stripVTControlCharacters(text))
}

/** Breaks at spaces, not between a number and its unit; a word that is longer than the line is cut. `width` in columns, at least 1. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/(?<!\d) | (?!(?:µs|ms|s|min|times?)\b)/)) {
    let rest = word
    if (line !== '' && line.length + 1 + rest.length <= width) {
      line += ` ${rest}`
      continue
    }
    if (line !== '') lines.push(line)
    while (rest.length > width) {
      lines.push(rest.slice(0, width))
      rest = rest.slice(width)
    }
    line = rest
  }
  return line === '' && lines.length > 0 ? lines : [...lines, line]
}
