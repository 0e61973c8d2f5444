import { UsageError } from '../lib/failure.ts'
import { suggest } from '../lib/nearest.ts'
import type { TopologyKind } from '../locks/lock.ts'
import { topologyKinds, type Plan } from '../plan/scenario.ts'

/** What the flags of `picklock run` mean, apart from commander. Everything here throws UsageError and starts nothing. */

/** `single,sentinel`; undefined: the scenario's own; `all`: all that the scenario allows. */
export function parseTopologies(text: string | undefined): readonly TopologyKind[] | 'all' | undefined {
  if (text === undefined) return text
  const asked = words(text, '--topology')
  if (asked.includes('all')) return 'all'
  return asked.map((word) => {
    const kind = topologyKinds.find((known) => known === word)
    if (kind === undefined)
      throw new UsageError(`there is no topology ${word}; ${suggest(word, [...topologyKinds, 'all'])}`)
    return kind
  })
}

/** `a,b`, `./my-lock.ts`, `stdio:java -jar x.jar a,b`: what follows `stdio:` is one command, commas and all. */
export function parseLocks(texts: readonly string[]): string[] {
  const specs = texts.flatMap((text) => {
    const program = /(?:^|,)\s*(stdio:.*)$/s.exec(text)
    const before = program ? text.slice(0, program.index) : text
    return [...(before === '' && program ? [] : words(before, '--lock')), ...(program ? [program[1]!] : [])]
  })
  return [...new Set(specs)]
}

/** `a,b` */
export const parseNames = (text: string, flag: string): string[] => words(text, flag)

/** 0 to 2³²−1, as the reports print it. */
export function parseSeed(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const seed = Number(text)
  if (!/^\d+$/.test(text) || seed >= 2 ** 32)
    throw new UsageError(`--seed is "${text}"; it must be a whole number from 0 to ${2 ** 32 - 1}`)
  return seed
}

/** `--repeat 20`, `--jobs 2`: a whole number from 1 to `max`. */
export function parseCount(text: string | undefined, flag: string, fallback: number, max: number): number {
  if (text === undefined) return fallback
  const count = Number(text)
  if (!/^\d+$/.test(text) || count < 1 || count > max)
    throw new UsageError(`${flag} is "${text}"; it must be a whole number from 1 to ${max}`)
  return count
}

/** More processes of k6 than any machine needs. */
const instancesMax = 32

/** `--load`, and what goes with k6 only. */
export function parseDriver(asked: {
  load: Plan['driver']['name']
  k6Script?: string | undefined
  loadInstances?: string | undefined
}): Plan['driver'] {
  const { load, k6Script: script, loadInstances } = asked
  if (load === 'k6')
    return {
      name: load,
      ...(script !== undefined && { script }),
      instances: parseCount(loadInstances, '--load-instances', 1, instancesMax),
    }
  if (script !== undefined) throw new UsageError(`--k6-script ${script} is run by k6; add --load k6`)
  if (loadInstances !== undefined) throw new UsageError('--load-instances counts processes of k6; add --load k6')
  return { name: load }
}

/** `k=v` each; a value that reads as a number, true or false is one. */
export function parseLockOptions(texts: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    texts.map((text) => {
      const equals = text.indexOf('=')
      if (equals < 1)
        throw new UsageError(`--lock-option ${text}: it needs a name and a value, for example retryDelay=50`)
      return [text.slice(0, equals), plainValue(text.slice(equals + 1))]
    }),
  )
}

/** A number, true or false where it reads as one, else the text. */
export function plainValue(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true'
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text
}

function words(text: string, flag: string): string[] {
  const found = text.split(',').map((word) => word.trim())
  if (found.includes('')) throw new UsageError(`${flag} ${text}: there is an empty name between the commas`)
  return [...new Set(found)]
}
