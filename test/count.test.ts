import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { thisMachine } from '../scripts/machine.mjs'
import { runTests } from '../scripts/tests.mjs'

/** What `npm test` counts, whatever happens to vitest: a real vitest in a folder of its own. */

const head = `import { expect, test } from 'vitest'\n`
const cases = [
  {
    title: 'all pass',
    body: `${head}test('a', () => {})\ntest.skip('b', () => {})`,
    count: { passed: 1, failed: 0, skipped: 1, reasons: { 'no reason was given': 1 } },
  },
  {
    title: 'some need what is not there',
    body: `${head}import { beforeEach } from 'vitest'\nbeforeEach(({ skip }) => skip(true, 'no browser'))\ntest('a', () => {})\ntest('b', () => {})`,
    count: { passed: 0, failed: 0, skipped: 2, reasons: { 'no browser': 2 } },
  },
  {
    title: 'one fails',
    body: `${head}test('a', () => {})\ntest('b', () => expect(1).toBe(2))`,
    count: { passed: 1, failed: 1, skipped: 0, reasons: {} },
  },
  {
    title: 'a file cannot be loaded',
    body: `throw new Error('no')`,
    count: { passed: 0, failed: 1, skipped: 0, reasons: {} },
  },
  {
    title: 'an error outside of every test',
    body: `${head}test('a', () => void Promise.reject(new Error('lost')))`,
    count: { passed: 1, failed: 1, skipped: 0, reasons: {} },
  },
  {
    title: 'a setup of a suite fails',
    body: `import { beforeAll } from 'vitest'\n${head}beforeAll(() => { throw new Error('no') })\ntest('a', () => {})`,
    count: { passed: 0, failed: 1, skipped: 1, reasons: { 'no reason was given': 1 } },
  },
  {
    title: 'vitest cannot start',
    body: '',
    config: `throw new Error('broken')`,
    count: { passed: 0, failed: 1, skipped: 0, reasons: {} },
  },
]

test.each(cases)('$title', async ({ body, config, count }) => {
  const { folder: here } = thisMachine()
  const folder = mkdtempSync(join(tmpdir(), 'picklock-count-'))
  try {
    for (const name of ['node_modules', 'scripts']) symlinkSync(join(here, name), join(folder, name))
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    writeFileSync(join(folder, 'vitest.config.ts'), config ?? 'export default {}')
    writeFileSync(join(folder, 'a.test.ts'), body)
    expect(await runTests({ ...thisMachine(), folder, say: () => {} }, ['a.test.ts'], 'ignore')).toEqual(count)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
