/**
 * The pattern of a key: what varies in it is `*`. `lock:coupon:issue:17` is `lock:coupon:issue:*`, `sess:dCb4jLNQUTMCnmeZ85TPpJ0g` is `sess:*`.
 * What varies without looking like it (`session:alice`) is found by how many there are: patterns.ts.
 */
export function segmentsOf(key: string): string[] {
  const parts = key.split(separators)
  const segments: string[] = []
  // Each keeps the separator that follows it.
  for (let at = 0; at < parts.length; at += 2) segments.push(steady(parts[at]!) + (parts[at + 1] ?? ''))
  if (segments.length <= depthMax) return segments
  return [...segments.slice(0, depthMax - 1), '*']
}

const separators = /([:/|.#])/
const depthMax = 8

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi
const hex = /(?<![0-9a-z])(?=[a-f]*\d)[0-9a-f]{8,}(?![0-9a-z])/gi
const digits = /\d+/g
/** Several in a row, with what joins them. */
const stars = /\*(?:[-_,+ ]?\*)+/g
const randomMin = 12
/** Bytes beyond ASCII say nothing by themselves; control characters are no part of a name that a person gave. */
// oxlint-disable-next-line no-control-regex
const binary = /[\u0000-\u001f\u007f]/

const word = /^[a-z_-]{0,11}$/i
const number = /^\d+$/

function steady(segment: string): string {
  // Most are one of these two, and a million keys have some millions of segments.
  if (word.test(segment)) return segment
  if (number.test(segment)) return '*'
  if (isRandom(segment) || binary.test(segment)) return '*'
  return segment.replace(uuid, '*').replace(hex, '*').replace(digits, '*').replace(stars, '*')
}

/** As identifiers are that a program draws: long, of capital letters and small ones, and of digits or with neither the order of words. */
function isRandom(text: string): boolean {
  if (text.length < randomMin || !/^[\w+=-]+$/.test(text) || !/[a-z]/.test(text) || !/[A-Z]/.test(text)) return false
  return /\d/.test(text) || (text.match(caseChange)?.length ?? 0) > text.length * changesShare
}

const caseChange = /(?<=[a-z])[A-Z]|(?<=[A-Z])[a-z]/g
/** `OrderPaymentServiceCache` has fewer, what is drawn has more. */
const changesShare = 0.29
