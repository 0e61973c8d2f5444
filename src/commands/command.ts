/**
 * A command's exit code. Commander drops what an action returns, so an action is wrapped in `exits`; cli.ts, the one place that sets
 * the process' exit code, asks for it when the command is over.
 */
let exitCode = 0

export function exits<Args extends unknown[]>(
  action: (...args: Args) => number | Promise<number>,
): (...args: Args) => Promise<void> {
  return async (...args) => {
    exitCode = await action(...args)
  }
}

export function exitCodeOfCommand(): number {
  return exitCode
}

/** Examples for the end of a command's --help. */
export function examples(lines: Record<string, string>): string {
  const width = Math.max(...Object.keys(lines).map((line) => line.length))
  return `\nExamples:\n${Object.entries(lines)
    .map(([line, what]) => `  ${line.padEnd(width)}   ${what}`)
    .join('\n')}\n`
}
