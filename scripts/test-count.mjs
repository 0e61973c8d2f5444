import { writeFileSync } from 'node:fs'

/**
 * A vitest reporter that leaves the counts of a finished run, and why tests were skipped, in the file PICKLOCK_TEST_COUNT for scripts/test.mjs. A file that could not
 * be loaded and an error outside of any test count as failures.
 */
export default class TestCount {
  onTestRunEnd(modules, unhandledErrors) {
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0, reasons: {} }
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state, note = 'no reason was given' } = test.result()
        count[state]++
        if (state === 'skipped') count.reasons[note] = (count.reasons[note] ?? 0) + 1
      }
      for (const suite of [module, ...module.children.allSuites()]) count.failed += suite.errors().length
    }
    writeFileSync(process.env.PICKLOCK_TEST_COUNT, JSON.stringify(count))
  }
}
