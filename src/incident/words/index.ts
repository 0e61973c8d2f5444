import { en } from './en.ts'
import { ko } from './ko.ts'
import type { Lang } from './lang.ts'
import type { Words } from './words.ts'

/** The registry: a new language is one file, and one line here and in lang.ts. */
export const words = { en, ko } satisfies Record<Lang, Words>
