import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { judgeAgain } from '../src/past/judge-again.ts'
import { readDrill } from '../src/past/read.ts'
import { report as reportSchema, type Report } from '../src/reporters/report.ts'

/** The committed sample, a real drill: scripts/sample.mjs makes it. */

const sample = resolve(import.meta.dirname, '../reports/sample')
const read = (name: string) => readFile(join(sample, name), 'utf8')

test('judged again, the sample is what it says: a plain lock, held by two where a failover lost its key', async () => {
  const written = reportSchema.parse(JSON.parse(await read('report.json')))
  expect(written).toMatchObject({ scenario: 'primary-kill', topology: 'sentinel', lock: 'set-nx', verdict: 'invalid' })
  expect(written.findings[0]).toMatchObject({ metric: 'overlaps', blame: 'topology' })
  expect(written.findings[0]!.message).toMatch(/without the key, which was never replicated$/)
  const says = ({ verdict, findings, counts, faults, reproduce }: Report) => ({
    verdict,
    findings,
    counts,
    faults,
    reproduce,
  })
  expect(says(judgeAgain(await readDrill(sample), sample))).toEqual(says(written))
})

test('its page, its summary and its testcases tell the same findings', async () => {
  const { findings } = reportSchema.parse(JSON.parse(await read('report.json')))
  const plain = (text: string) => text.replaceAll('&#39;', "'").replaceAll('&apos;', "'").replaceAll('\\', '')
  for (const name of ['report.html', 'summary.md', 'junit.xml'])
    for (const { message } of findings) expect(plain(await read(name)), name).toContain(message)
})

test('nothing of it tells where it was made', async () => {
  for (const name of ['report.html', 'report.json', 'summary.md', 'junit.xml', 'plan.json', 'record.json'])
    expect(await read(name), name).not.toMatch(/\/(tmp|home|root|Users)\/|hostname/)
})
