import { narrowestMs } from './timeline.js'
import { countText, element } from './words.js'

/**
 * Everything by which the timeline is moved: buttons, keys, wheel; and what it says in words.
 *
 * @typedef {ReturnType<typeof import('./timeline.js').createTimeline>} Timeline
 * @typedef {import('./unpack.js').Holds} Holds
 * @typedef {import('./unpack.js').Overlaps} Overlaps
 * @typedef {import('../page/page-data.ts').PageData} PageData
 */

const listedMax = 40

/**
 * @param {HTMLElement} figure
 * @param {PageData} data
 * @param {Timeline} timeline
 * @param {Holds} holds
 * @param {Overlaps} overlaps
 * @returns {{ moved: () => void, open: () => void }}
 */
export function addControls(figure, data, timeline, holds, overlaps) {
  /** @param {string} name */
  const part = (name) => /** @type {HTMLElement} */ (figure.querySelector(`[data-part="${name}"]`))
  const [bar, chart, said, tip, list] = ['bar', 'chart', 'said', 'tip', 'list'].map(part)
  let at = -1

  /** @param {number} index */
  function goTo(index) {
    if (overlaps.count === 0) return
    at = (index + overlaps.count) % overlaps.count
    const [earlier, later] = [overlaps.earlier[at], overlaps.later[at]]
    const key = holds.key[later]
    if (!timeline.keys().includes(key)) {
      timeline.showKeys([key])
      select.value = String(key)
    }
    timeline.choose(at)
    const [from, to] = [holds.startMs[earlier], Math.max(holds.endMs[earlier], holds.endMs[later])]
    const padMs = Math.max(15, (to - from) * 0.3)
    const fromMs = Math.max(from - padMs, overlaps.startMs[at] - 5000)
    timeline.show(fromMs, Math.min(to + padMs, fromMs + 10_000))
  }

  /** @param {number} factor @param {number} [around] where in the window, 0 to 1 */
  function zoom(factor, around = 0.5) {
    const [from, to] = timeline.window()
    const length = Math.max(narrowestMs, (to - from) * factor)
    const middle = from + (to - from) * around
    timeline.show(middle - length * around, middle + length * (1 - around))
  }

  /** @param {number} share of the window */
  function pan(share) {
    const [from, to] = timeline.window()
    timeline.show(from + (to - from) * share, to + (to - from) * share)
  }

  const whole = () => timeline.show(...data.wholeMs)
  function open() {
    const { open: opening } = data
    if (overlaps.count > 0 && data.open) {
      const first = firstOf(data.open)
      if (first >= 0) return goTo(first)
    }
    if (opening) timeline.show(...opening.span)
  }

  /** Packed times are whole µs. @param {{ key: number, overlapMs?: number }} opening */
  function firstOf({ key, overlapMs }) {
    for (let i = 0; i < overlaps.count; i++)
      if (holds.key[overlaps.later[i]] === key && Math.abs(overlaps.startMs[i] - (overlapMs ?? NaN)) < 0.002) return i
    return -1
  }

  const select = /** @type {HTMLSelectElement} */ (element('select'))
  addKeys(select, data)
  select.value = String(data.open?.key ?? 0)
  select.addEventListener('change', () => {
    const chosen = keysOf(select.value, data)
    const leftOut = timeline.showKeys(chosen)
    moved(leftOut)
  })
  const labelled = element('label', 'Key ')
  labelled.append(select)
  bar.append(labelled)
  /** @type {[string, string, () => void][]} */
  const buttons = [
    ...(overlaps.count > 0
      ? /** @type {[string, string, () => void][]} */ ([
          ['This overlap', 'Home', open],
          ['◀ previous', 'p', () => goTo(at - 1)],
          ['next ▶', 'n', () => goTo(at + 1)],
        ])
      : []),
    [`Whole ${data.shows}`, '0', whole],
    ['− zoom out', '-', () => zoom(2)],
    ['+ zoom in', '+', () => zoom(0.5)],
    ['← earlier', '←', () => pan(-0.3)],
    ['later →', '→', () => pan(0.3)],
  ]
  for (const [text, key, act] of buttons) {
    const button = element('button', text)
    button.title = `key: ${key}`
    button.addEventListener('click', act)
    bar.append(button)
  }

  /** @type {Record<string, () => void>} */
  const keys = {
    ArrowLeft: () => pan(-0.3),
    ArrowRight: () => pan(0.3),
    '+': () => zoom(0.5),
    '=': () => zoom(0.5),
    '-': () => zoom(2),
    n: () => goTo(at + 1),
    p: () => goTo(at - 1),
    Home: open,
    0: whole,
  }
  chart.addEventListener('keydown', (event) => {
    const act = keys[event.key]
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    act()
  })
  const { over } = timeline.plot
  over.addEventListener(
    'wheel',
    (event) => {
      // Without a modifier the wheel scrolls the page, as everywhere.
      const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey
      if (!event.ctrlKey && !event.metaKey && !sideways) return
      event.preventDefault()
      const { left, width } = over.getBoundingClientRect()
      if (sideways) pan((event.deltaX || event.deltaY) / width)
      else zoom(event.deltaY > 0 ? 1.25 : 0.8, (event.clientX - left) / width)
    },
    { passive: false },
  )
  over.addEventListener('dblclick', whole)
  over.addEventListener('mousemove', (event) => {
    const { left, top, width } = over.getBoundingClientRect()
    const [from, to] = timeline.window()
    const lines = timeline.tellAt(from + ((event.clientX - left) / width) * (to - from), event.clientY - top)
    tip.replaceChildren(
      ...(lines.length > 0 ? lines : ['Point at a bar for its numbers.']).map((line) => element('div', line)),
    )
  })

  /** @param {number} [leftOut] */
  function moved(leftOut = 0) {
    const note = leftOut > 0 ? ` ${leftOut} lanes more have no room here.` : ''
    said.textContent = `${timeline.summary()}.${note}`
    if (/** @type {HTMLDetailsElement} */ (list).open) fill()
  }
  list.addEventListener('toggle', fill)

  function fill() {
    const items = timeline.holdsInWindow()
    const body = element('ol')
    body.append(...items.slice(0, listedMax).map((item) => element('li', timeline.holdText(item))))
    const more =
      items.length > listedMax ? [element('p', `and ${items.length - listedMax} more in this window: zoom in`)] : []
    list.replaceChildren(list.firstElementChild ?? '', body, ...more)
  }

  return { moved, open }
}

/** @param {HTMLSelectElement} select @param {PageData} data */
function addKeys(select, { keys }) {
  /** @param {string} value @param {string} text */
  const option = (value, text) => {
    const made = /** @type {HTMLOptionElement} */ (element('option', text))
    made.value = value
    select.append(made)
  }
  const clashing = keys.filter(({ overlaps }) => overlaps > 0).length
  const order = keys
    .map((_, index) => index)
    .toSorted((a, b) => keys[b].overlaps - keys[a].overlaps || keys[b].holds - keys[a].holds)
  for (const index of order.slice(0, 500)) {
    const { name, holds, overlaps } = keys[index]
    option(
      String(index),
      `${name} (${overlaps > 0 ? `${countText(overlaps, 'overlap')}, ` : ''}${countText(holds, 'hold')})`,
    )
  }
  if (clashing > 1) option('clashing', `all ${clashing} keys with overlaps`)
  if (keys.length > 1) option('all', `all ${keys.length} keys`)
}

/** @param {string} value @param {PageData} data */
function keysOf(value, { keys }) {
  if (value !== 'all' && value !== 'clashing') return [Number(value)]
  return keys.map((_, index) => index).filter((index) => value === 'all' || keys[index].overlaps > 0)
}
