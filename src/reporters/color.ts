import { Chalk, supportsColor, supportsColorStderr, type ChalkInstance, type ColorSupportLevel } from 'chalk'
import type { Verdict } from './report.ts'

/**
 * The colours of this stream: none where it is no terminal, `NO_COLOR` (https://no-color.org, which chalk leaves to us) turns them off,
 * `FORCE_COLOR` turns them on and wins.
 */
export function colorLevel(stream: 'stdout' | 'stderr', env: NodeJS.ProcessEnv = process.env): ColorSupportLevel {
  if (env['NO_COLOR'] && env['FORCE_COLOR'] === undefined) return 0
  const support = stream === 'stdout' ? supportsColor : supportsColorStderr
  return support === false ? 0 : support.level
}

/** `✓ VALID`, `✗ INVALID`, `? UNKNOWN`: the sign says it without the colour. */
export function verdictMark(verdict: Verdict, chalk: ChalkInstance = new Chalk({ level: 0 })): string {
  return {
    valid: chalk.bold.green('✓ VALID'),
    invalid: chalk.bold.red('✗ INVALID'),
    unknown: chalk.bold.yellow('? UNKNOWN'),
  }[verdict]
}
