import { basename, resolve } from 'node:path'
import { UsageError } from '../../lib/failure.ts'
import { factsSchema, type Facts } from '../../incident/facts.ts'
import { check, refuse } from '../../plan/problems.ts'
import { readSource, type Path, type Source } from '../../plan/source.ts'
import { isBlock } from '../../plan/shape.ts'

/** Facts, and where each was told, so that what is wrong with one can be pointed at. */
export interface Gathered {
  facts: Facts
  where: Source['where']
}

/** What was told on the command line: the fact, its value, and the flag as it was typed. */
export interface Flag {
  fact: keyof Facts
  value: unknown
  flag: string
}

const aFactsFile = { name: 'facts', startsWith: 'name', where: '' }

export interface Told {
  data: Record<string, unknown>
  where: Source['where']
}

/** The file's facts, and over them the flags'. Not yet checked. Throws UsageError where the file is none. */
export function told(file: string | undefined, flags: readonly Flag[], cwd: string): Told {
  const source = file === undefined ? undefined : readSource(resolve(cwd, file), file, aFactsFile)
  if (source && !isBlock(source.data))
    throw new UsageError(`${source.where([])}: it must be a block of keys, such as name`)
  const data = { ...(source?.data as Record<string, unknown> | undefined) }
  for (const { fact, value } of flags) data[fact] = value
  if (typeof data['name'] !== 'string' && typeof data['from'] === 'string') data['name'] = nameFrom(data['from'])
  return {
    data,
    where: (path: Path, options) =>
      flags.findLast(({ fact }) => fact === path[0])?.flag ?? source?.where(path, options) ?? 'picklock incident new',
  }
}

/** Throws UsageError, a line a problem. */
export function checked({ data, where }: Told): Gathered {
  if (data['name'] === undefined)
    throw new UsageError(`${where([])}: an incident needs a name: --name redis-oom, or --from a scenario`)
  const { value, problems } = check(factsSchema, data, [], 'the incident')
  refuse(problems, { file: '', data, where })
  return { facts: value!, where }
}

/** `./drills/oom.yaml` → `oom` */
const nameFrom = (from: string) => basename(from).replace(/\.ya?ml$/, '')
