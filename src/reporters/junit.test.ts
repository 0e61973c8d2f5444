import { expect, test } from 'vitest'
import { junitProblems, parseXml, type XmlElement } from '../../test/support/junit-schema.ts'
import { invalidExample, report, unknownExample, validExample, type Example } from '../../test/support/reports.ts'
import { junit } from './junit.ts'
import type { Report } from './report.ts'

const safety = (...metrics: string[]): Report['thresholds'] =>
  metrics.map((metric) => ({ metric, threshold: 'count==0', value: 0, ok: true }))

/** The suite, after the file was held against the schema. */
function suite(example: Example): XmlElement {
  const root = parseXml(junit.render(example))
  expect(junitProblems(root)).toEqual([])
  expect(root.children).toHaveLength(1)
  return root.children[0]!
}
const cases = ({ children }: XmlElement) =>
  Object.fromEntries(
    children
      .filter(({ name }) => name === 'testcase')
      .map(({ attributes, children: [outcome] }) => [attributes['name'], outcome?.name ?? 'passed']),
  )
const properties = ({ children }: XmlElement) =>
  Object.fromEntries(
    children
      .find(({ name }) => name === 'properties')!
      .children.map(({ attributes }) => [attributes['name'], attributes['value']]),
  )

test('a valid drill is green, and tells its seed and its commit', () => {
  const example = validExample()
  example.report = report({ commit: 'c0ffee', thresholds: safety('overlaps', 'unsettled') })
  const element = suite(example)
  expect(cases(element)).toEqual({
    'reference: evidence': 'passed',
    'reference: overlaps': 'passed',
    'reference: unsettled': 'passed',
  })
  expect(properties(element)).toMatchObject({ seed: '42', commit: 'c0ffee', verdict: 'valid', topology: 'single' })
  expect(element.attributes).toMatchObject({ tests: '3', failures: '0', errors: '0', skipped: '0', time: '9.123' })
})

test('what was crossed fails with its sentence, and with the command that shows it again', () => {
  const element = suite(invalidExample())
  expect(cases(element)).toEqual({
    'set-nx: evidence': 'passed',
    'set-nx: overlaps': 'failure',
    'set-nx: duplicates': 'failure',
    'set-nx: acquire_wait p(99)<20': 'failure',
  })
  expect(element.attributes).toMatchObject({ failures: '3', errors: '0' })
  const failure = element.children.find(({ attributes }) => attributes['name'] === 'set-nx: overlaps')!.children[0]!
  expect(failure.attributes['message']).toContain('two servers held stock:7 at once')
  expect(failure.text).toContain('Again: picklock run primary-kill --lock set-nx --seed 42')
})

test('an unknown drill is never green: its evidence is an error, and nothing is passed', () => {
  const example = unknownExample()
  example.report.thresholds = [
    ...safety('overlaps'),
    { metric: 'duplicates', threshold: 'count==0', value: 2, ok: false },
  ]
  const element = suite(example)
  expect(cases(element)).toEqual({
    'reference: evidence': 'error',
    'reference: overlaps': 'skipped',
    'reference: duplicates': 'skipped',
  })
  expect(element.attributes).toMatchObject({ failures: '0', errors: '1', skipped: '2' })
})

test("a metric's tags are one case, and what no ledger counted is skipped", () => {
  const example = validExample()
  const tagged = safety('overlaps{blame:lock}', 'overlaps{blame:holder}', 'oversold')
  example.report = report({ thresholds: tagged, counts: { overlaps: 0 } })
  expect(cases(suite(example))).toEqual({
    'reference: evidence': 'passed',
    'reference: overlaps': 'passed',
    'reference: oversold': 'skipped',
  })
})

test('whatever a lock, a key or an error is called, it is well-formed XML', () => {
  const hostile = '</testcase><script>"\u0000\u001b[31m\ud800\ufffe]]>&amp;\u2028\n\t'
  const example = invalidExample()
  example.report.lock = hostile
  example.report.scenario = hostile
  example.report.versions = { [hostile]: hostile }
  example.report.reproduce = hostile
  for (const finding of example.report.findings) finding.message = hostile
  expect(suite(example).attributes['failures']).toBe('3')
})

test('the schema of the test refuses what it should', () => {
  const problems = (xml: string) => junitProblems(parseXml(xml))
  expect(problems('<testsuites><testsuite name="a" tests="1" failures="0"/></testsuites>')).toEqual([
    '<testsuite> has no errors',
  ])
  expect(problems('<testsuites disabled="0"><testcase name="a"/></testsuites>')).toHaveLength(2)
  for (const xml of ['<a>', '<a></b>', '<a b="1" b="2"/>', '<a>&nbsp;</a>', '<a/><a/>', '<a>\u0001</a>', '<a b=1/>'])
    expect(() => parseXml(xml), xml).toThrow()
})
