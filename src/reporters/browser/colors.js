/** The page's colours, as its style has them now (light or dark). */
export function colors() {
  const style = getComputedStyle(document.documentElement)
  /** @param {string} name */
  const of = (name) => style.getPropertyValue(`--${name}`).trim()
  return {
    ground: of('ground'),
    panel: of('panel'),
    line: of('line'),
    ink: of('ink'),
    dim: of('dim'),
    hold: of('hold'),
    holdInk: of('hold-ink'),
    bad: of('bad'),
    fault: of('fault'),
    good: of('good'),
  }
}

/** @param {() => void} changed */
export function onColorsChanged(changed) {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', changed)
}

/**
 * Diagonal lines: a meaning that does not hang on a colour.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {string} color
 * @param {number} gap
 * @param {number} width
 * @param {1 | -1} slope
 */
export function stripes(context, color, gap, width, slope) {
  const tile = document.createElement('canvas')
  tile.width = tile.height = gap
  const brush = /** @type {CanvasRenderingContext2D} */ (tile.getContext('2d'))
  brush.strokeStyle = color
  brush.lineWidth = width
  for (const shift of [-gap, 0, gap]) {
    brush.beginPath()
    brush.moveTo(shift, slope === 1 ? gap : 0)
    brush.lineTo(shift + gap, slope === 1 ? 0 : gap)
    brush.stroke()
  }
  return /** @type {CanvasPattern} */ (context.createPattern(tile, 'repeat'))
}
