import type { z } from 'zod'
import { UsageError } from '../lib/failure.ts'
import { listed, nearest, suggest } from '../lib/nearest.ts'
import { isBlock, isWholeNumber, keysOf, schemaAt } from './shape.ts'
import type { Path, Source } from './source.ts'

/** Something wrong in a scenario or another file of ours: one sentence, and what it is about. */
export interface Problem {
  path: Path
  message: string
  /** The key itself is wrong, not its value. */
  atKey?: boolean
}

/** Does nothing where there are no problems; else throws all of them, a line each, with where each stands. */
export function refuse(problems: readonly Problem[], source: Source): void {
  if (problems.length === 0) return
  throw new UsageError(
    problems
      .map(({ path, message, atKey }) => `${source.where(path, { atKey: atKey === true })}: ${message}`)
      .join('\n'),
  )
}

/** Checks data against a schema. `path` is where the data stands in the file; `whole` is what the file is called. */
export function check<Output>(
  schema: z.ZodType<Output>,
  data: unknown,
  path: Path = [],
  whole = 'the scenario',
): { value: Output; problems: [] } | { value: undefined; problems: Problem[] } {
  // The schema's own words, where it has some, are kept; zod's are replaced by ours.
  const result = schema.safeParse(data, { error: () => ours, reportInput: true })
  if (result.success) return { value: result.data, problems: [] }
  return { value: undefined, problems: result.error.issues.flatMap((issue) => tell(issue, schema, data, path, whole)) }
}

const ours = '\u0000'

/** `faults.0.for`: also what `--set` calls it. */
export const pathText = (path: Path) => path.map(String).join('.')

function tell(issue: z.core.$ZodIssue, schema: z.core.$ZodType, data: unknown, base: Path, whole: string): Problem[] {
  const inner = issue.path.filter((key) => typeof key !== 'symbol')
  const path = [...base, ...inner]
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => {
      const at = schemaAt(schema, inner, data)
      const keys = (at && keysOf(at, valueAt(data, inner))) ?? []
      const name = nearest(key, keys)
      const hint = name === undefined ? `the keys here are ${listed(keys)}` : `did you mean ${name}?`
      return { path: [...path, key], atKey: true, message: `there is no \`${pathText([...path, key])}\`; ${hint}` }
    })
  const found = valueAt(data, inner)
  const name = path.length === 0 ? whole : `\`${pathText(path)}\``
  const subject = `${name} ${found === undefined ? 'is missing' : `is ${describe(found)}`}`
  if (issue.message !== ours) return [{ path, message: `${subject}; ${issue.message}` }]
  if (issue.code === 'invalid_type' && isWholeNumber(schemaAt(schema, inner, data)))
    return [{ path, message: `${subject}; it must be a whole number` }]
  return [{ path, message: `${subject}; ${should(issue, found)}` }]
}

function should(issue: z.core.$ZodIssue, found: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      return `it must be ${typeWords[issue.expected] ?? issue.expected}`
    case 'invalid_value':
      return oneOf(issue.values.map(String), found)
    case 'too_small':
    case 'too_big': {
      const limit = issue.code === 'too_small' ? issue.minimum : issue.maximum
      const word = issue.code === 'too_small' ? 'at least' : 'at most'
      if (issue.origin === 'array') return `it must have ${word} ${limit} ${limit === 1 ? 'entry' : 'entries'}`
      if (issue.inclusive === false) return `it must be ${issue.code === 'too_small' ? 'more' : 'less'} than ${limit}`
      return `it must be ${word} ${limit}`
    }
    case 'invalid_union': {
      // zod sets them on a discriminated union; its types do not say so.
      const { options } = issue as { options?: unknown[] }
      if (options) return oneOf(options.map(String), found)
      const ways = issue.errors.flatMap((errors) => errors.slice(0, 1).map((error) => should(error, found)))
      return ways.length > 0 ? [...new Set(ways)].join(', or ') : 'it fits none of the possible forms'
    }
    default:
      return 'it is not of the right form'
  }
}

const typeWords: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a block of keys',
  record: 'a block of keys',
  array: 'a list',
}

function oneOf(values: string[], found: unknown): string {
  if (typeof found !== 'string') return `it must be ${listed(values, 'or')}`
  return nearest(found, values) === undefined ? `it must be ${listed(values, 'or')}` : suggest(found, values)
}

function describe(value: unknown): string {
  if (typeof value === 'string') return `"${value.length > 60 ? `${value.slice(0, 57)}…` : value}"`
  if (value === null) return 'empty'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a block of keys'
  return typeof value === 'bigint' ? `${value}` : JSON.stringify(value)
}

/** What stands at a path; of a shorthand (`topology: sentinel`, where `topology.kind` is wrong) the nearest that does. */
function valueAt(data: unknown, path: Path): unknown {
  let here = data
  for (const key of path) {
    if (!isBlock(here) && !Array.isArray(here)) return here
    here = (here as Record<string | number, unknown>)[key]
  }
  return here
}
