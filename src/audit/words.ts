import { isUtf8 } from 'node:buffer'
import { readable } from '../lib/unreadable.ts'

/** Small words that checks and reports share. */

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** `512 B`, `1.2 MiB`. */
export function humanBytes(bytes: number): string {
  let size = Math.abs(bytes)
  let unit = 0
  for (; size >= 1023.5 && unit < units.length - 1; unit++) size /= 1024
  return `${bytes < 0 ? '−' : ''}${unit === 0 || size >= 99.5 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`
}

/** How long a key lives, or a memory lasts: `300 ms`, `10 s`, `5 min`, `12 h`, `30 days`. */
export function humanSpan(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  for (const [size, name, next] of spans)
    if (ms < next) return `${Number((ms / size).toFixed(ms < size * 10 ? 1 : 0))} ${name}`
  return 'more than 100 years'
}

const spans: [size: number, name: string, next: number][] = [
  [1000, 's', 120_000],
  [60_000, 'min', 7_200_000],
  [3_600_000, 'h', 172_800_000],
  [86_400_000, 'days', 36_525 * 86_400_000],
]

/** `12 %`, `<1 %`. */
export function humanShare(share: number): string {
  if (!Number.isFinite(share)) return '–'
  if (share > 0 && share < 0.01) return '<1 %'
  return `${Math.round(share * 100)} %`
}

/** `1 key`, `12 keys`, `1,250,000 keys`. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${grouped(count)} ${count === 1 ? one : many}`

/** With separators from 10,000 on, where a reader would count zeros. */
export const grouped = (count: number): string =>
  Math.abs(count) >= 10_000 ? count.toLocaleString('en-US') : String(count)

/** A key for a person: UTF-8 where it is, bytes that are none (or that would move the cursor) as `\xNN`. */
export function shownKey(key: string): string {
  const bytes = Buffer.from(key, 'latin1')
  if (isUtf8(bytes)) return readable(bytes.toString('utf8'), (character) => hex(character, 'utf8'))
  return key.replace(/[^\u0020-\u007e]/g, (character) => hex(character, 'latin1'))
}

const hex = (character: string, encoding: 'utf8' | 'latin1') =>
  [...Buffer.from(character, encoding)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')
