import { parse } from 'yaml'
import { UsageError } from '../lib/failure.ts'
import { listed, nearest } from '../lib/nearest.ts'
import { pathText } from './problems.ts'
import { scenarioSchema } from './schema.ts'
import { childOf, isBlock, isSingle, keysOf } from './shape.ts'
import type { Path, Source } from './source.ts'

/**
 * `--set path=value`: changes one value of a scenario before it is checked, so that what is wrong with it is found by the same checks.
 * The value is YAML (`load.duration=4s`, `servers=3`, `thresholds.overlaps=[count<=2]`); the path is dotted (`faults.0.for`).
 * Throws UsageError where the path does not exist.
 */
export function applySets(source: Source, assignments: readonly string[]): Source {
  if (assignments.length === 0) return source
  const data = structuredClone(source.data)
  const flags: { path: Path; flag: string }[] = []
  for (const assignment of assignments) {
    const flag = `--set ${assignment}`
    const equals = assignment.indexOf('=')
    if (equals < 1) throw new UsageError(`${flag}: it needs a path and a value, for example --set load.duration=4s`)
    const path = assignment
      .slice(0, equals)
      .split('.')
      .map((part) => (/^\d+$/.test(part) ? Number(part) : part))
    assign(data, path, valueOf(assignment.slice(equals + 1), flag), flag)
    flags.push({ path, flag })
  }
  return {
    file: source.file,
    data,
    where(path, options) {
      const from = flags.findLast(({ path: set }) => startsWith(path, set) || (startsWith(set, path) && options?.atKey))
      return from?.flag ?? source.where(path, options)
    },
  }
}

function assign(data: unknown, path: Path, value: unknown, flag: string): void {
  let here: unknown = data
  let schema: Parameters<typeof keysOf>[0] | undefined = scenarioSchema
  for (const [depth, key] of path.entries()) {
    const parent = path.slice(0, depth)
    checkKey(schema, here, parent, key, flag)
    const block = here as Record<string | number, unknown>
    if (depth === path.length - 1) {
      block[key] = value
      return
    }
    // `topology: sentinel` is short for a block with a kind.
    if (depth === 0 && key === 'topology' && typeof block[key] === 'string') block[key] = { kind: block[key] }
    schema = schema && childOf(schema, key, here)
    if (block[key] === undefined || block[key] === null) {
      if (typeof path[depth + 1] === 'number') {
        const [list, entry] = [pathText([...parent, key]), pathText(path.slice(0, depth + 2))]
        throw new UsageError(`${flag}: there is no ${entry}; ${list} has no entries`)
      }
      block[key] = {}
    }
    here = block[key]
  }
}

function checkKey(
  schema: Parameters<typeof keysOf>[0] | undefined,
  here: unknown,
  parent: Path,
  key: string | number,
  flag: string,
) {
  const whole = pathText([...parent, key])
  if (Array.isArray(here)) {
    if (typeof key === 'number' && key < here.length) return
    const count = `${pathText(parent)} has ${here.length} ${here.length === 1 ? 'entry' : 'entries'}, counted from 0`
    throw new UsageError(`${flag}: there is no ${whole}; ${count}`)
  }
  if (!isBlock(here) || (schema && isSingle(schema)))
    throw new UsageError(`${flag}: there is no ${whole}; ${pathText(parent)} is a single value`)
  const keys = schema && keysOf(schema, here)
  if (keys === undefined || keys.includes(String(key))) return
  throw new UsageError(`${flag}: there is no ${whole}; ${hint(String(key), keys, parent)}`)
}

/** The nearest key here, or, for a forgotten first part (`rate` for `load.rate`), the nearest one level below. */
function hint(key: string, keys: readonly string[], parent: Path): string {
  const here = nearest(key, keys)
  if (here !== undefined) return `did you mean ${pathText([...parent, here])}?`
  if (parent.length === 0)
    for (const block of ['load', 'lock', 'workload', 'topology', 'evidence']) {
      const child = childOf(scenarioSchema, block, undefined)
      if (child && keysOf(child, undefined)?.includes(key)) return `did you mean ${block}.${key}?`
    }
  return `the keys ${parent.length === 0 ? 'there' : `of ${pathText(parent)}`} are ${listed(keys)}`
}

function valueOf(text: string, flag: string): unknown {
  try {
    return parse(text) as unknown
  } catch {
    throw new UsageError(`${flag}: the value cannot be read as YAML`)
  }
}

const startsWith = (path: Path, start: Path) => start.every((key, depth) => String(path[depth]) === String(key))
