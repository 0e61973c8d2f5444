import { spawnSync } from 'node:child_process'
import { all, bootstrap, missing, parts } from '../../scripts/bootstrap.mjs'
import { SetupError, thisMachine } from '../../scripts/machine.mjs'
import { finders, hint, type ServerProgram } from '../../scripts/tools.mjs'
import { EnvironmentError } from './failure.ts'

/** Where a server program is: an absolute path. The search is the set-up's, so both always agree. Throws EnvironmentError. */
export function findTool(name: ServerProgram): string {
  const machine = thisMachine()
  const file = finders[name](machine)
  if (file === undefined) throw new EnvironmentError(hint(name, machine))
  return file
}

/**
 * Fetches what any drill of that runtime needs, and what is named besides, told on stderr; nothing is started where all is there. Resolves to the names of what was
 * fetched. Throws EnvironmentError, which tells what to type where it needs a hand.
 */
export async function setUp(
  runtime: 'process' | 'docker' | 'attach' = 'process',
  ...besides: 'k6'[]
): Promise<string[]> {
  const machine = thisMachine()
  const wanted = [
    ...(runtime === 'process' ? all : [parts.node, parts.dependencies]),
    ...besides.map((name) => parts[name]),
  ]
  const fetched = missing(machine, wanted).map(({ name }) => name)
  try {
    await bootstrap(machine, wanted)
  } catch (error) {
    throw error instanceof SetupError ? new EnvironmentError(error.message) : error
  }
  return fetched
}

/** The first version number in what the program answers to `args`, like `7.0.15`; undefined where it cannot be run. */
export function toolVersion(file: string, args: string[] = ['--version']): string | undefined {
  return /\d+(\.\d+)+/.exec(answerOf(file, args))?.[0]
}

/** Of a Redis or one of its kin (`Redis server v=7.0.15 sha=…`, `Valkey server v=8.0.1 …`); undefined for any other program. */
export function redisVersion(file: string): string | undefined {
  return /server v=(\d+(?:\.\d+)+)/.exec(answerOf(file, ['--version']))?.[1]
}

/** Empty where it cannot be run. */
function answerOf(file: string, args: string[]): string {
  const { status, stdout } = spawnSync(file, args, {
    encoding: 'utf8',
    timeout: 5000,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return status === 0 ? stdout : ''
}
