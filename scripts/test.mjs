import { fileURLToPath } from 'node:url'
import { all, bootstrap, parts } from './bootstrap.mjs'
import { runChecks } from './checks.mjs'
import { chromium } from './chromium.mjs'
import { dockerForTests } from './docker.mjs'
import { enter } from './enter.mjs'
import { SetupError } from './machine.mjs'
import { redisPy } from './redis-py.mjs'
import { runTests } from './tests.mjs'

/**
 * `npm test`: sets up what is missing, checks types, lint and format, runs the tests (arguments go to vitest), and ends with one plain
 * line of counts. A failed check and a vitest that broke down count as failures, so `0 failed` and exit code 0 always go together.
 */
await enter(fileURLToPath(import.meta.url), async (machine) => {
  await bootstrap(machine, [...all, redisPy, chromium])
  await bootstrap(machine, [parts.k6]).catch((error) => {
    if (!(error instanceof SetupError)) throw error
    machine.say(`the tests that need k6 will be skipped: ${error.message}`)
  })
  const failedChecks = await runChecks(machine)
  const { passed, failed, skipped, reasons } = await countTests(machine)
  const skips = skipped > 0 ? `, ${skipped} skipped` : ''
  for (const [reason, count] of Object.entries(reasons)) process.stdout.write(`! ${count} skipped: ${reason}\n`)
  process.exitCode = failed + failedChecks > 0 ? 1 : 0
  process.stdout.write(`${passed} passed, ${failed + failedChecks} failed${skips}\n`)
})

async function countTests(machine) {
  const stopDocker = await dockerForTests(machine)
  try {
    return await runTests(machine, process.argv.slice(2))
  } finally {
    await stopDocker()
  }
}
