import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { bootstrap, parts } from './bootstrap.mjs'

/** The command line: from the sources in a clone, from dist/ in the published package (Node refuses .ts under node_modules). */
export async function picklock(machine, args) {
  await bootstrap(machine, [parts.dependencies])
  const source = join(machine.folder, 'src', 'cli.ts')
  const cli = existsSync(source) ? source : join(machine.folder, 'dist', 'cli.js')
  process.argv.splice(1, Infinity, cli, ...args)
  await import(pathToFileURL(cli).href)
}
