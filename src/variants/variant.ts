import { stringify } from 'yaml'
import { inspectLock, resolveLock } from '../locks/index.ts'
import { makePlan, parseScenario } from '../plan/index.ts'
import type { Plan, WrittenScenario } from '../plan/scenario.ts'
import { parseSource, type Source } from '../plan/source.ts'
import { checkLock } from '../plan/validate.ts'

/** A drill that was derived from another one: a scenario as its file would say it, and the lock that it is put to. */
export interface Variant {
  scenario: WrittenScenario
  /** As `--lock` takes it. */
  lock: string
  lockOptions: Readonly<Record<string, unknown>>
  /** The scenario is this one of Picklock's, as it stands. */
  registered?: string
}

const schemaLine = (schema: string) => `# yaml-language-server: $schema=${schema}\n`

/** A scenario file. `about` stands above it, as a comment. */
export function scenarioText(scenario: WrittenScenario, about: string, schema: string): string {
  const comment = about
    .split('\n')
    .map((line) => `# ${line}\n`)
    .join('')
  return `${schemaLine(schema)}${comment}${stringify(scenario, { lineWidth: 0 })}`
}

/**
 * The plan of a variant, checked as far as can be without starting anything. `file` is where its scenario lies (or will lie), for messages and for the
 * command that runs it again; `where` tells the origin of what is wrong, if that is not the file itself. Throws UsageError.
 */
export async function planOf(
  { scenario, lock, lockOptions }: Variant,
  { file, where, seed, cwd }: { file: string; where?: Source['where']; seed: number; cwd: string },
): Promise<Plan> {
  const source = { ...parseSource(scenarioText(scenario, '', ''), file), ...(where && { where }) }
  const { name } = resolveLock(lock, cwd)
  const plan = makePlan(parseScenario(source, file), { lock: { spec: lock, name }, seed, lockOptions })
  checkLock(plan, await inspectLock(lock, cwd))
  return plan
}
