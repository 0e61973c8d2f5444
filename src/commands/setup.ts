import { Argument, Command } from '@commander-js/extra-typings'
import { setUp } from '../lib/tools.ts'
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

/** The same set-up as `npm run drill` does. Throws EnvironmentError where it needs a hand. */
async function runSetup(what?: 'k6'): Promise<number> {
  const fetched = await setUp('process', ...(what === undefined ? [] : [what]))
  process.stdout.write(fetched.length === 0 ? 'Everything is there.\n' : `Fetched ${fetched.join(' and ')}.\n`)
  return 0
}
