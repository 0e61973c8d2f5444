import { readFileSync } from 'node:fs'
import { isCollection, isMap, isScalar, LineCounter, parseDocument, type Document } from 'yaml'
import { UsageError } from '../lib/failure.ts'

export type Path = readonly (string | number)[]

/** A YAML file as data, not yet checked, and where each part of it stands. */
export interface Source {
  /** As a person would type it. */
  file: string
  data: unknown
  /** `scenarios/oversell.yaml:7:13`; or the flag that put the value there. */
  where(path: Path, options?: { atKey?: boolean }): string
}

/** For messages: what kind of file it is, and what an empty one lacks. */
export interface Kind {
  name: string
  startsWith: string
  /** What to do where it is not there; the end of a sentence. */
  where?: string
}

const aScenario: Kind = { name: 'scenario', startsWith: 'name and title' }

/** Reads YAML. Throws UsageError with file:line:column where it is none. `shown` is the file's name in messages. */
export function readSource(file: string, shown: string, kind = aScenario): Source {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why =
      code === 'ENOENT' ? `there is no such file${kind.where ?? ''}` : code === 'EISDIR' ? 'it is a folder' : `${code}`
    throw new UsageError(`cannot read the ${kind.name} ${shown}: ${why}`)
  }
  return parseSource(text, shown, kind)
}

export function parseSource(text: string, shown: string, kind = aScenario): Source {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return `${shown}:${line}:${col}`
  }
  if (document.errors.length > 0)
    throw new UsageError(
      document.errors.map(({ pos, message }) => `${at(pos[0])}: this is not YAML: ${lowerFirst(message)}`).join('\n'),
    )
  return {
    file: shown,
    data: plain(document, shown, kind),
    where: (path, options) => at(offsetOf(document, path, options?.atKey ?? false)),
  }
}

function plain(document: Document, shown: string, { name, startsWith }: Kind): unknown {
  try {
    const data: unknown = document.toJS({ maxAliasCount: 100 })
    if (data === null || data === undefined)
      throw new UsageError(`${shown}:1:1: the file is empty; a ${name} starts with ${startsWith}`)
    return data
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`${shown}:1:1: this is not YAML: ${lowerFirst((error as Error).message)}`)
  }
}

/** Of what does not exist, its nearest parent's key: `load.rate is missing` points at `load`. */
function offsetOf(document: Document, path: Path, atKey: boolean): number {
  if (path.length === 0) return rangeStart(document.contents)
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
  const key = path.at(-1)
  if (isMap(parent)) {
    const pair = parent.items.find((item) => String(isScalar(item.key) ? item.key.value : item.key) === key)
    const empty = isScalar(pair?.value) && pair.value.value === null
    if (pair) return rangeStart(atKey || empty ? pair.key : pair.value)
  } else if (isCollection(parent) && parent.has(key)) return rangeStart(parent.get(key, true))
  // Below a shorthand (`topology: sentinel`) it is the shorthand that is wrong.
  return offsetOf(document, path.slice(0, -1), !isScalar(parent))
}

function rangeStart(node: unknown): number {
  return (node as { range?: [number, number, number] } | null)?.range?.[0] ?? 0
}

const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1)
