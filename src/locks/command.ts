import { accessSync, constants, statSync } from 'node:fs'
import { basename, delimiter, join, resolve } from 'node:path'
import { split } from 'shlex'
import { UsageError } from '../lib/failure.ts'

/** The words of `stdio:<command>`, split as a shell does. Throws UsageError. */
export function command(text: string): [string, ...string[]] {
  let words: string[]
  try {
    words = split(text)
  } catch {
    throw new UsageError(`the command in stdio:${text} cannot be split into words: a quote or a backslash is left open`)
  }
  const [program, ...rest] = words
  if (program === undefined || program === '') {
    throw new UsageError("stdio: needs a command, for example --lock 'stdio:python3 adapters/python/redis_lock.py'")
  }
  return [program, ...rest]
}

/** A name for folders and reports: the file among the words (`redisson` for `java -jar lib/redisson.jar`), or else the program. */
export function commandName(words: readonly [string, ...string[]]): string {
  const file = words.slice(1).find((word) => !word.startsWith('-') && /[./\\]/.test(word))
  return safeName(basename(file ?? words[0]).replace(/(?<=.)\.[A-Za-z0-9]+$/, ''))
}

/** Letters, digits, dots, dashes and underscores, at most 40, and never empty or hidden. */
export function safeName(text: string): string {
  const safe = text
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[-.]+/, '')
    .slice(0, 40)
    .replace(/[-.]+$/, '')
  return safe === '' ? 'lock' : safe
}

/** Where the command's first word is, as the system looks for it. Throws UsageError where it is not, or may not be run. */
export function findProgram(program: string, cwd: string, searchPath = process.env['PATH'] ?? ''): string {
  if (program.includes('/')) {
    const file = resolve(cwd, program)
    if (!isFile(file)) throw new UsageError(`there is no program ${program} (looked in ${cwd})`)
    if (!isExecutable(file)) throw new UsageError(`${program} is not executable; chmod +x it, or name its interpreter`)
    return file
  }
  for (const folder of searchPath.split(delimiter)) {
    const file = join(resolve(cwd, folder), program)
    if (isFile(file) && isExecutable(file)) return file
  }
  throw new UsageError(`there is no program "${program}" on the PATH`)
}

const isFile = (file: string) => statSync(file, { throwIfNoEntry: false })?.isFile() === true

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
