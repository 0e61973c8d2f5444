import { Command, CommanderError, type CommandUnknownOpts } from '@commander-js/extra-typings'
import { exitCodeOfCommand } from './commands/command.ts'
import { commands } from './commands/index.ts'
import { exitCodes } from './exit-codes.ts'
import { EnvironmentError, UsageError } from './lib/failure.ts'
import { suggest } from './lib/nearest.ts'
import { ownVersion } from './lib/version.ts'

/** argv → command; the one place that sets the exit code. */

/** A defect of ours (EX_SOFTWARE of sysexits.h), never confused with a verdict. */
const defect = 70

const help = `
A wrong lock, a fault that did not land and a mistake of yours are told apart by the exit code:
${exitCodes.map(({ code, title }) => `  ${String(code).padEnd(4)} ${title}\n`).join('')}
Examples:
  picklock list                                   what there is
  picklock run oversell --topology all            the first drill
  picklock run primary-kill --lock ./my-lock.ts   a lock of your own
`

async function main(argv: string[]): Promise<number> {
  const names = Object.keys(commands)
  const words = argv.filter((word) => !word.startsWith('-'))
  const asked = words[0] === 'help' ? words[1] : words[0]
  if (asked !== undefined && !names.includes(asked))
    throw new UsageError(`there is no command ${asked}; ${suggest(asked, names)}`)

  const program = new Command('picklock')
    .description('Chaos and load tests for distributed locks on Redis, with a verdict and its proof.')
    .version(ownVersion(), '--version')
    .addHelpText('after', help)
  for (const [name, { title, load }] of Object.entries(commands))
    program.addCommand(name === asked ? (await load()).summary(title) : new Command(name).description(title))
  for (const command of [program, ...program.commands.flatMap((each) => [each, ...each.commands])]) quiet(command)

  if (argv.length === 0) {
    program.outputHelp()
    return 0
  }
  await program.parseAsync(argv, { from: 'user' })
  return exitCodeOfCommand()
}

/** Commander throws instead of ending the process, and leaves the printing of errors to us. */
function quiet(command: CommandUnknownOpts): void {
  command.exitOverride().configureOutput({ writeErr: () => {}, outputError: () => {} })
}

/** Prints what went wrong and gives its exit code. */
function explain(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0
    process.stderr.write(`picklock: ${sentence(error)}\n`)
    return 2
  }
  const known = error instanceof UsageError || error instanceof EnvironmentError
  if (known) {
    process.stderr.write(`picklock: ${error.message}\n`)
    if (process.env['PICKLOCK_DEBUG'] && error.stack) process.stderr.write(`${error.stack}\n`)
    return error.exitCode
  }
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  process.stderr.write('picklock: this is a defect of Picklock; the lines above tell where\n')
  return defect
}

/** Commander's `error: unknown option '--tpology'\n(Did you mean --topology?)` as one sentence. */
function sentence({ message }: CommanderError): string {
  return message
    .replace(/^error: /, '')
    .replace(/\s*\n\(Did you mean (.*)\?\)$/, '; did you mean $1?')
    .replaceAll('\n', ' ')
}

// Whoever reads our output may go away (`picklock list | head -1`): that is no failure, and there is nobody left to tell. A full disk is one.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return
    const full = error.code === 'ENOSPC' || error.code === 'EDQUOT'
    throw new EnvironmentError(`the output cannot be written: ${full ? 'the disk is full' : error.message}`)
  })

// Node's own exit code for these is 1, which here is a verdict. Nothing is left behind: the janitor sees the end.
process.on('uncaughtException', (error) => process.exit(explain(error)))

process.exitCode = await main(process.argv.slice(2)).catch(explain)
