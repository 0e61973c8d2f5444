import { distance } from 'fastest-levenshtein'

/** The right name that a wrong one was probably meant to be; undefined where none is near. */
export function nearest(wrong: string, right: readonly string[]): string | undefined {
  const lower = wrong.toLowerCase()
  const ranked = right
    .map((name) => ({ name, far: distance(lower, name.toLowerCase()) }))
    .sort((a, b) => a.far - b.far || a.name.length - b.name.length)
  const best = ranked[0]
  if (best && best.far <= Math.max(2, Math.floor(best.name.length / 3))) return best.name
  // `quorum` for `quorum-node-down`, `sentinels` for `sentinel`.
  return right.find((name) => lower.length >= 3 && (name.toLowerCase().startsWith(lower) || lower.startsWith(name)))
}

/** As many as a sentence bears. */
const namesMax = 45

/** The end of a sentence about a wrong name: `did you mean x?`, or what there is. */
export function suggest(wrong: string, right: readonly string[]): string {
  const name = nearest(wrong, right)
  if (name !== undefined) return `did you mean ${name}?`
  if (right.length > namesMax) return `there are ${right.length}, such as ${listed(right.slice(0, 3))}`
  return right.length > 0 ? `there is ${listed(right)}` : 'there is none'
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(words: readonly string[], conjunction = 'and'): string {
  if (words.length <= 1) return words.join('')
  return `${words.slice(0, -1).join(', ')} ${conjunction} ${words.at(-1)}`
}
