import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'
import { expect, test } from 'vitest'
import { invalidExample, unknownExample, validExample } from '../../test/support/reports.ts'
import { json, renderJsonArray } from './json.ts'
import { report } from './report.ts'
import { reportSchema } from './schema.ts'

test('schema/report.json is what the code says; `npx vitest run src/reporters -u` writes it anew', async () => {
  const file = fileURLToPath(new URL('../../schema/report.json', import.meta.url))
  // In the form that `npm run format` leaves it in.
  const text = await format(reportSchema(), { ...(await resolveConfig(file)), filepath: file })
  await expect(text).toMatchFileSnapshot(file)
})

test('report.json and the array for stdout hold what they were given', () => {
  const examples = [validExample(), invalidExample(), unknownExample()]
  for (const example of examples) expect(report.parse(JSON.parse(json.render(example)))).toEqual(example.report)
  const reports = examples.map((example) => example.report)
  expect(JSON.parse(renderJsonArray(reports))).toEqual(reports)
  expect(renderJsonArray([])).toBe('[]\n')
})

test('a report that breaks the schema is not written', () => {
  const broken = validExample()
  broken.report.counts['requests'] = NaN
  expect(() => json.render(broken)).toThrow(/requests/)
})
