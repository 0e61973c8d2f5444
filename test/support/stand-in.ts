import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * In place of an installed bin/picklock that has no `gate` yet: the same words in, a real drill of the installed package, and the same
 * files out, so that the CI's own lines are what is tested.
 */
export function standInForGate(installed: string): void {
  const file = join(installed, 'bin', 'picklock')
  writeFileSync(
    file,
    `#!/usr/bin/env node
const { copyFileSync, readFileSync } = require('node:fs')
const { spawnSync } = require('node:child_process')
const { values } = require('node:util').parseArgs({
  args: process.argv.slice(3),
  options: { config: { type: 'string', default: 'picklock.yaml' }, out: { type: 'string' }, quick: { type: 'boolean' } },
})
const [, lock] = /^lock: (.*)$/m.exec(readFileSync(values.config, 'utf8')) ?? process.exit(2)
const cli = require('node:path').join(__dirname, '..', 'dist', 'cli.js')
const args = [cli, 'run', 'oversell', '--lock', lock, '--set', 'load.duration=1s', '--out', values.out]
const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' })
for (const name of ['summary.md', 'junit.xml']) copyFileSync(values.out + '/latest/' + name, values.out + '/' + name)
process.exit(status)
`,
  )
  chmodSync(file, 0o755)
}
