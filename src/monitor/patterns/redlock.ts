import { ranOn, type Call } from '../call.ts'
import { readCompare, ttlOfSet } from './compare.ts'
import type { Operation, Pattern, Sighting } from './pattern.ts'

/** A comment of its scripts, the same from version 2 to 5. */
const signature = /-- Return the number of entries (added|removed|updated)\./

/** Take, free, extend: of version 4, and of 5. For captures in which they are called by their names only. */
const ids = new Set([
  'e5a322e2634ef59a516e8ea150cb085afafee684',
  '0f0f23b9048b36752b5be114f357ba083449f908',
  'ce46f80993d5dac20dd066eb301a4e37994bdbed',
  '96da70f7716f27d278a5218544df37fd8b0a5e4c',
  'e4612211c9f8f51c257e26e056b0a654b3187242',
  'aed6f382e410db8ba7926d4e5e9aab410bf2a78a',
])

/** https://github.com/mike-marcacci/node-redlock */
export const redlock = {
  name: 'redlock',
  title: 'npm redlock: EXISTS and SET PX in a script, freed by a compare-and-delete script',
  docs: 'Certain by its scripts’ texts; likely where a script asks EXISTS of its keys and then sets all or none of them. Exact: SET behind EXISTS says granted, EXISTS alone refused. Of several nodes each one’s capture shows that node’s votes.',
  read(call) {
    const { script } = call
    if (script === undefined) return undefined
    const named = ids.has(script.id) || signature.test(script.text ?? '')
    const taken = take(call)
    if (taken !== undefined)
      return named
        ? taken
        : { ...taken, sure: 'likely', because: 'a script asks EXISTS of its keys, and then sets all or none of them' }
    const compared = named ? readCompare(call) : undefined
    return compared && { ...certain, operations: compared }
  },
} satisfies Pattern

const certain = { sure: 'certain', because: 'the scripts are those of npm redlock', reveals: true } as const

function take(call: Call): Sighting | undefined {
  const script = call.script!
  if (script.ran[0]?.name !== 'EXISTS' || !script.keys.includes(script.ran[0].args[0]!)) return undefined
  if (!script.did.has('SET') && !/['"]set['"]/i.test(script.text ?? '')) return undefined
  const operations = script.keys.map((key): Operation => {
    const set = ranOn(script, 'SET', key)
    const token = set?.args[1] ?? script.args[0] ?? ''
    const ttlMs = set ? ttlOfSet(set.args) : Number(script.args[1]) || undefined
    return { kind: 'attempt', key, token, ttlMs, outcome: set ? 'done' : 'refused' }
  })
  return { ...certain, operations }
}
