/** The languages of a post-mortem. */
export const langs = ['en', 'ko'] as const
export type Lang = (typeof langs)[number]

/** The same in each of them. */
export type InEach = Record<Lang, string>
