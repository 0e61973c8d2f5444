import type { Facts, Prose } from './facts.ts'
import type { Lang } from './words/lang.ts'

/** A text as it was told, in the language that is asked for where it was told in several. */
export const inLang = (prose: Prose, lang: Lang): string => (typeof prose === 'string' ? prose : prose[lang])

/** Of the drill: what somebody told, and what was assumed because nobody did. */
export interface Assumption {
  fact: keyof Facts
  value: string
}
