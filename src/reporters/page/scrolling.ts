import { markup, type Markup } from '../markup.ts'

/** What may be wider than the screen, in a frame of its own that the keyboard reaches too. */
export const scrolling = (name: string, wide: Markup): Markup =>
  markup`<div class="scroll" tabindex="0" role="region" aria-label="${name}">${wide}</div>`
