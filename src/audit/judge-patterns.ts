import type { Connection } from '../live/connection.ts'
import { Unreachable, type Refused } from '../live/failure.ts'
import type { PatternFacts } from './facts.ts'
import { guess, isBookkeeping, wordsOf, type LockGuess } from './lock-like.ts'
import type { Patterns } from './patterns.ts'
import { bytesOf, type Tally } from './tally.ts'
import { lookInto, type Looked } from './values.ts'

/** So many patterns have some of their keys looked into, those of most keys first; what is called a lock in any case. */
const lookedMax = 300
const keysOfEach = 5

export interface JudgeOptions {
  named: Patterns
  others: Patterns
  globs: readonly RegExp[]
  connection: Connection
  /** Whether some values may be read. */
  values: boolean
  told(refusal: Refused): void
}

/** Which patterns are locks, and how long their stuck keys have been so. */
export async function judgePatterns({
  named,
  others,
  globs,
  connection,
  values,
  told,
}: JudgeOptions): Promise<PatternFacts[]> {
  const byName = named.all().map((each) => ({ ...each, named: true }))
  const all = [...byName, ...others.all().map((each) => ({ ...each, named: false }))].filter(({ passes }) =>
    passes.some(({ keys }) => keys > 0),
  )
  const chosen = all.filter(
    (each, index) => each.named || index < lookedMax || wordsOf(each.pattern).some((word) => word.includes('lock')),
  )
  const looked = values ? await look(connection, chosen.slice(0, 2 * lookedMax), told) : nothing
  return all.map(({ pattern, passes, named: isNamed }) => {
    const tally = passes.at(-1)!
    const found = keysToLookInto(tally).flatMap((key) => looked.values.get(key) ?? [])
    const beside = !isNamed && isBookkeeping(pattern)
    const lock: LockGuess | undefined = isNamed
      ? { how: 'named', why: '--pattern says so' }
      : globs.length > 0
        ? undefined
        : guess(pattern, found)
    const bytes = bytesOf(tally)
    return {
      ...tally,
      pattern,
      bytes: Number.isNaN(bytes) ? undefined : bytes,
      lock,
      bookkeeping: beside,
      idleMs: Object.fromEntries(
        tally.examples.noTtl.flatMap((key) => (looked.idleMs.has(key) ? [[key, looked.idleMs.get(key)!]] : [])),
      ),
      before: passes.length > 1 ? passes[0] : undefined,
    }
  })
}

const nothing: Looked = { values: new Map(), idleMs: new Map() }

/** A connection that is gone takes the guesses by value with it, and nothing else. */
async function look(
  connection: Connection,
  chosen: readonly { passes: Tally[] }[],
  told: (refusal: Refused) => void,
): Promise<Looked> {
  try {
    return await lookInto(
      connection,
      [...new Set(chosen.flatMap(({ passes }) => keysToLookInto(passes.at(-1)!)))],
      told,
    )
  } catch (error) {
    if (error instanceof Unreachable) return nothing
    throw error
  }
}

/** Those that stay are still there. */
function keysToLookInto({ examples }: Tally): string[] {
  return [...new Set([...examples.noTtl, ...examples.overLimit.map(({ key }) => key), ...examples.any])].slice(
    0,
    keysOfEach,
  )
}
