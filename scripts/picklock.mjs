import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { bootstrap, parts } from './bootstrap.mjs'
import { isClone } from './home.mjs'

/** The command line: from the sources in a clone, from dist/ in the published package. */
export async function picklock(machine, args) {
  await bootstrap(machine, [parts.dependencies])
  const cli = isClone(machine.folder) ? join(machine.folder, 'src', 'cli.ts') : join(machine.folder, 'dist', 'cli.js')
  process.argv.splice(1, Infinity, cli, ...args)
  await import(pathToFileURL(cli).href)
}
