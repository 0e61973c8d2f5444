import { resolve } from 'node:path'
import type { Question } from '../../duel/side-by-side.ts'
import type { Side } from '../../duel/plan.ts'
import { UsageError } from '../../lib/failure.ts'
import { checkTopology } from '../../locks/describe.ts'
import { inspectLock, resolveLock } from '../../locks/index.ts'
import type { TopologyKind } from '../../locks/lock.ts'
import type { LockDescription } from '../../server/messages.ts'
import { checkOut } from './checkout.ts'
import { inspectSide, placed, type LoadedGate } from './config.ts'

/** Of rest after each slice. */
const gapMs = 60

/** What is compared with what; empty where there is no baseline. It holds the copy of an earlier version. */
export type OpenQuestion = Partial<Question> & AsyncDisposable

type Inspected = Side & LockDescription

/** `base` takes the place of the file's baseline. Throws UsageError. */
export async function openQuestion(
  gate: LoadedGate,
  { base, seed, command }: { base: string | undefined; seed: number; command: string },
): Promise<OpenQuestion> {
  const { config, lock, source } = gate
  await using stack = new AsyncDisposableStack()
  const written = config.baseline
  if (base === undefined && written === undefined) return { [Symbol.asyncDispose]: async () => {} }
  const at = async (ref: string, options: Side['options']) => {
    const { file, commit: _ } = stack.use(await earlier(gate, ref))
    const description = await inspectLock(file, gate.cwd)
    return { ...description, spec: file, name: `${lock.name}@${ref}`, options }
  }
  const baseline: Inspected =
    base !== undefined
      ? await flagged(`--base ${base}`, () => at(base, lock.options))
      : await placed(source, ['baseline', written!.ref === undefined ? 'use' : 'ref'], async () => {
          const options = written!.options ?? lock.options
          if (written!.ref !== undefined) return at(written!.ref, options)
          const other = await inspectSide(written!.use!, gate)
          return { ...other, name: other.name === lock.name ? `${other.name}@baseline` : other.name, options }
        })
  const topology = await topologyFor(gate, baseline)
  const { slices, sliceMs, metrics, slowerByPercent: percent, slowerByMs: ms } = config.compare
  const held = stack.move()
  return {
    sides: { lock, baseline },
    terms: { topology, timing: { slices, sliceMs, gapMs }, seed, command },
    metrics,
    worth: { percent, ms },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}

/** Only a file has versions. */
function earlier({ lock, cwd }: LoadedGate, ref: string) {
  const found = resolveLock(lock.spec, cwd)
  if (found.kind !== 'file')
    throw new UsageError(
      `${lock.name} is no file, so that there is no earlier version of it; name another lock as \`baseline\``,
    )
  return checkOut(resolve(found.file), ref, lock.spec)
}

/** Where both can run. */
async function topologyFor({ config, lock, source }: LoadedGate, baseline: Inspected) {
  const { topology } = config.compare
  if (topology === undefined) {
    const both = lock.topologies.filter((kind) => baseline.topologies.includes(kind))
    const asked = both.find((kind) => config.topologies?.some((one) => one === kind) ?? true) ?? both[0]
    if (asked !== undefined) return asked as TopologyKind
    throw new UsageError(
      `${source.where(['baseline'])}: ${baseline.name} is made for other topologies than ${lock.name}`,
    )
  }
  await placed(source, ['compare', 'topology'], async () => {
    for (const side of [lock, baseline]) checkTopology(side, topology)
  })
  return topology
}

async function flagged<T>(flag: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw error instanceof UsageError ? new UsageError(`${flag}: ${error.message}`) : error
  }
}
