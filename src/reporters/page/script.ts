import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { visible } from '../markup.ts'

/**
 * What the page runs, as text: uPlot and our own small files of ../browser, which are JavaScript, so that they are the same here, in the package and in
 * the browser. There are no modules in one inline script: their imports are left out and they stand in the order of their needs.
 */
const order = [
  'words',
  'colors',
  'unpack',
  'lanes',
  'notes',
  'faults',
  'painter',
  'timeline',
  'controls',
  'charts',
  'main',
]

const require = createRequire(import.meta.url)
const uplot = (file: string) => readFileSync(require.resolve(`uplot/dist/${file}`), 'utf8').trim()
const own = (name: string) => readFileSync(new URL(`../browser/${name}.js`, import.meta.url), 'utf8')

const joined = (source: string) =>
  source
    .replaceAll(/^import .*\n/gm, '')
    .replaceAll(/^export /gm, '')
    .replaceAll(/^\s*\/\*\*[^]*?\*\/\n/gm, '')

/** Ends no script element by itself: `</script` stands in none of the files, and the test looks. */
export const script = `${uplot('uPlot.iife.min.js')}\n(() => {\n'use strict'\n${order.map((name) => joined(own(name))).join('\n')}})()`

export const chartStyle = uplot('uPlot.min.css')

/** For the Content-Security-Policy. */
export const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** JSON that may stand in a script element: no `<`, no line separators (older scripts take them for line ends), every text shown as it is. */
export const inlineJson = (value: unknown) =>
  JSON.stringify(value, (_, part: unknown) => (typeof part === 'string' ? visible(part) : part))
    .replaceAll('<', String.raw`\u003c`)
    .replaceAll('\u2028', String.raw`\u2028`)
    .replaceAll('\u2029', String.raw`\u2029`)
