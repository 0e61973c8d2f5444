import { expect, test } from 'vitest'
import { hostileExample, invalidExample, report, validExample } from '../../test/support/reports.ts'
import { matrixPage } from './matrix-page.ts'

test('every cell tells its verdict and links to its report', () => {
  const page = matrixPage([
    { report: invalidExample().report, href: 'a-primary-kill/report.html' },
    { report: validExample().report, href: 'b-oversell/report.html' },
    { report: report({ seed: 43 }), href: 'c-oversell/report.html' },
  ])
  expect(page).toContain('1 invalid · 0 unknown · 2 valid')
  expect(page.match(/<a href="[^"]+"/g)).toEqual([
    '<a href="./a-primary-kill/report.html"',
    '<a href="./b-oversell/report.html"',
    '<a href="./c-oversell/report.html"',
  ])
  expect(page).toContain('overlaps, duplicates · seed 42')
  expect(page.match(/title="not run"/g)).toHaveLength(2)
})

test('names of strangers stay text, and no address runs anything', () => {
  const page = matrixPage([{ report: hostileExample().report, href: 'javascript:alert(1)/"><script>' }])
  expect(page).not.toMatch(/<script|<img|href="javascript/i)
})
