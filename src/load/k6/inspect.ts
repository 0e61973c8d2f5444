import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EnvironmentError, UsageError } from '../../lib/failure.ts'
import { findTool } from '../../lib/tools.ts'
import type { BesideContext } from '../load.ts'
import { k6Env, scriptEnv } from './command.ts'
import { k6Options } from './options.ts'
import { firstError, startsWithPlace } from './said.ts'

/** k6 compiles the script and runs its init code. */
const inspectMaxMs = 60_000

/**
 * Whether k6 takes the script and the load, before anything else is started. `shown` is what the user calls the script. Throws UsageError with
 * k6's own reason, EnvironmentError where there is no k6.
 */
export function inspect(
  settings: Pick<BesideContext, 'load' | 'seed' | 'workload' | 'thresholds' | 'script'>,
  { shown, cwd }: { shown: string; cwd: string },
): void {
  const file = findTool('k6')
  if (!existsSync(settings.script)) throw new UsageError(`there is no k6 script ${shown}`)
  const folder = mkdtempSync(join(tmpdir(), 'picklock-k6-'))
  try {
    const config = join(folder, 'k6.json')
    writeFileSync(config, JSON.stringify(k6Options(settings)))
    // Nobody listens there; a script that asks a door before the test begins learns that, too.
    const env = scriptEnv({ ...settings, doors: ['http://127.0.0.1:9'] })
    const args = [
      'inspect',
      '--execution-requirements',
      '--include-system-env-vars',
      '--log-format=json',
      `--config=${config}`,
      ...env,
      settings.script,
    ]
    const { status, stderr, error } = spawnSync(file, args, {
      encoding: 'utf8',
      timeout: inspectMaxMs,
      env: { ...process.env, ...k6Env() },
    })
    if (error) throw new EnvironmentError(`k6 cannot look at ${shown}: ${error.message}`)
    if (status === 0) return
    const reason = firstError(stderr, cwd) ?? `exit code ${status}`
    throw new UsageError(startsWithPlace(reason) ? `k6 refuses ${reason}` : `k6 refuses ${shown}: ${reason}`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
