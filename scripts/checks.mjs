import { join } from 'node:path'

/** What is checked without running anything of ours. Each is one line, and its output only where it fails. */
const checks = [
  { name: 'types', file: 'typescript/bin/tsc', args: ['--noEmit'] },
  { name: 'types of the report page', file: 'typescript/bin/tsc', args: ['-p', 'src/reporters/browser'] },
  { name: 'lint', file: 'oxlint/bin/oxlint', args: ['--type-aware', '--deny-warnings'] },
  { name: 'dead code', file: 'knip/bin/knip.js', args: [] },
  { name: 'format', file: 'prettier/bin/prettier.cjs', args: ['--check', '--log-level=warn', '.'] },
]

const checkMaxMs = 120_000

/** The number of checks that failed. */
export async function runChecks({ folder, nodePath, run }) {
  let failed = 0
  for (const { name, file, args } of checks) {
    const startedAtMs = Date.now()
    const { code, output } = await run(nodePath, [join(folder, 'node_modules', file), ...args], {
      cwd: folder,
      timeoutMs: checkMaxMs,
    })
    const seconds = ((Date.now() - startedAtMs) / 1000).toFixed(1)
    process.stdout.write(`${code === 0 ? '✓' : '✗'} ${name} (${seconds} s)\n${code === 0 ? '' : output}`)
    if (code !== 0) failed++
  }
  return failed
}
