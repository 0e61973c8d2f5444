import { fileURLToPath } from 'node:url'
import { all, bootstrap } from './bootstrap.mjs'
import { enter } from './enter.mjs'
import { picklock } from './picklock.mjs'

/** `npm run drill`: sets up what is missing and runs the first drill; further arguments are added to it. */
const drill = ['run', 'oversell', '--topology', 'all', '--lock', 'reference', '--with-control']

await enter(fileURLToPath(import.meta.url), async (machine) => {
  await bootstrap(machine, all)
  await picklock(machine, [...drill, ...process.argv.slice(2)])
})
