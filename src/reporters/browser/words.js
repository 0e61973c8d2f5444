/** As the rest of the report writes times (reporters/text.ts). */

/** @param {number} ms */
export function durationText(ms) {
  if (ms < 0.0995) return `${Math.round(ms * 1000)} µs`
  if (ms < 9.95) return `${ms.toFixed(1)} ms`
  if (ms < 999.5) return `${Math.round(ms)} ms`
  return `${(ms / 1000).toFixed(ms < 9995 ? 2 : 1)} s`
}

/** @param {number} ms */
export const momentText = (ms) => `${(ms / 1000).toFixed(3)} s`

/**
 * @param {number} count
 * @param {string} one
 */
export const countText = (count, one) => `${count} ${one}${count === 1 ? '' : 's'}`

/**
 * An element with text: text never becomes markup.
 *
 * @param {string} name
 * @param {string} [text]
 * @param {string} [className]
 */
export function element(name, text, className) {
  const made = document.createElement(name)
  if (text !== undefined) made.textContent = text
  if (className !== undefined) made.className = className
  return made
}
