import { fileURLToPath } from 'node:url'
import { bootstrap, parts } from './bootstrap.mjs'
import { runChecks } from './checks.mjs'
import { enter } from './enter.mjs'

/** `npm run check`: types, lint, dead code and format. */
await enter(fileURLToPath(import.meta.url), async (machine) => {
  await bootstrap(machine, [parts.dependencies])
  if ((await runChecks(machine)) > 0) process.exitCode = 1
})
