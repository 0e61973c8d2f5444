import { Argument, Command } from '@commander-js/extra-typings'
import { all, bootstrap, missing, parts } from '../../scripts/bootstrap.mjs'
import { SetupError, thisMachine } from '../../scripts/machine.mjs'
import { EnvironmentError } from '../lib/failure.ts'
import { examples, exits } from './command.ts'

export function setupCommand() {
  return new Command('setup')
    .description('Fetch what is missing for drills with the process runtime; k6 only where it is named')
    .addArgument(new Argument('[what]', 'what to fetch besides').choices(['k6']))
    .addHelpText(
      'after',
      examples({ 'picklock setup': 'what any drill needs', 'picklock setup k6': 'besides, k6 for --load k6' }),
    )
    .action(exits((what) => runSetup(what)))
}

/** The same set-up as `npm run drill` does; EnvironmentError where it needs a hand. */
export async function runSetup(what?: 'k6'): Promise<number> {
  const machine = thisMachine()
  const wanted = what === undefined ? all : [...all, parts[what]]
  const fetched = missing(machine, wanted).map(({ name }) => name)
  try {
    await bootstrap(machine, wanted)
  } catch (error) {
    throw error instanceof SetupError ? new EnvironmentError(error.message) : error
  }
  process.stdout.write(fetched.length === 0 ? 'Everything is there.\n' : `Fetched ${fetched.join(' and ')}.\n`)
  return 0
}
