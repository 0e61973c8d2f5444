import { Command } from '@commander-js/extra-typings'
import { bootstrap, missing } from '../../scripts/bootstrap.mjs'
import { SetupError, thisMachine } from '../../scripts/machine.mjs'
import { EnvironmentError } from '../lib/failure.ts'
import { exits } from './command.ts'

export function setupCommand() {
  return new Command('setup')
    .description('Fetch what is missing for drills with the process runtime')
    .action(exits(runSetup))
}

/** The same set-up as `npm run drill` does; EnvironmentError where it needs a hand. */
export async function runSetup(): Promise<number> {
  const machine = thisMachine()
  const fetched = missing(machine).map(({ name }) => name)
  try {
    await bootstrap(machine)
  } catch (error) {
    throw error instanceof SetupError ? new EnvironmentError(error.message) : error
  }
  process.stdout.write(fetched.length === 0 ? 'Everything is there.\n' : `Fetched ${fetched.join(' and ')}.\n`)
  return 0
}
