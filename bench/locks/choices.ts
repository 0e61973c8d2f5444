import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { UsageError } from '../../src/lib/failure.ts'
import { suggest } from '../../src/lib/nearest.ts'
import { type ContenderName, contenders } from './index.ts'

const parts = ['contended', 'uncontended', 'quorum'] as const

/** What the command line asks for. */
export interface Choices {
  rounds: number
  names: ContenderName[]
  parts: (typeof parts)[number][]
  users: number
  holdMs: number
  /** For one stampede. */
  limitMs: number
  /** The JSON file. */
  out: string
}

/** Throws UsageError. */
export function choices(): Choices {
  const values = flags()
  const names = Object.keys(contenders) as ContenderName[]
  return {
    rounds: count('rounds', values.rounds),
    names: values.only === undefined ? names : chosen('lock', values.only, names),
    parts: chosen('part', values.parts, parts),
    users: count('users', values.users),
    holdMs: count('hold-ms', values['hold-ms']),
    limitMs: count('limit-s', values['limit-s']) * 1000,
    out: values.out,
  }
}

function flags() {
  try {
    return parseArgs({
      options: {
        rounds: { type: 'string', default: '3' },
        only: { type: 'string' },
        parts: { type: 'string', default: parts.join() },
        users: { type: 'string', default: '957' },
        'hold-ms': { type: 'string', default: '8' },
        'limit-s': { type: 'string', default: '60' },
        out: { type: 'string', default: fileURLToPath(new URL('../results/locks.json', import.meta.url)) },
      },
    }).values
  } catch (error) {
    // An unknown flag, or one without its value.
    throw new UsageError((error as Error).message.split('. ', 1)[0]!)
  }
}

function count(flag: string, text: string): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1)
    throw new UsageError(`--${flag} must be a whole number above 0, not "${text}"`)
  return number
}

function chosen<Name extends string>(what: string, text: string, names: readonly Name[]): Name[] {
  return text.split(',').map((name) => {
    const found = names.find((each) => each === name)
    if (found === undefined) throw new UsageError(`there is no ${what} "${name}": ${suggest(name, [...names])}`)
    return found
  })
}
