import type { Connection } from '../live/connection.ts'
import { refused, type Refused } from '../live/failure.ts'
import { Refusal, textOf, type Reply } from '../live/resp.ts'
import type { Value } from './lock-like.ts'

/** The beginning of a value: a token is shorter. */
const textMax = 256
const fieldsMax = '4'

export interface Looked {
  /** By key. Empty where this user may not read values. */
  values: Map<string, Value>
  idleMs: Map<string, number>
}

/**
 * What is in some keys, and how long nobody has touched them. The idle time is asked first, because reading a value ends it: this is the one trace
 * that an audit leaves on a key, on a few of each pattern.
 */
export async function lookInto(
  connection: Connection,
  keys: readonly string[],
  told: (refusal: Refused) => void,
): Promise<Looked> {
  const idles = await connection.askAll(keys.map((key) => ['OBJECT', 'IDLETIME', key]))
  const types = await connection.askAll(keys.map((key) => ['TYPE', key]))
  const readable = keys.flatMap((key, at) => {
    const type = types[at]
    return type === 'string' || type === 'hash' ? [{ key, type }] : []
  })
  const read = await connection.askAll(
    readable.map(({ key, type }) =>
      type === 'string' ? ['GETRANGE', key, '0', String(textMax - 1)] : ['HSCAN', key, '0', 'COUNT', fieldsMax],
    ),
  )
  for (const [command, replies] of [
    ['OBJECT IDLETIME', idles],
    ['TYPE', types],
    ['GETRANGE and HSCAN', read],
  ] as const) {
    const denied = replies.find((reply) => reply instanceof Refusal && reply.code === 'NOPERM')
    if (denied instanceof Refusal) told(refused(connection.where, command, denied))
  }
  const values = new Map(
    keys.flatMap((key, at): [string, Value][] => {
      const type = textOf(types[at])
      return type === '' || type === 'none' || type === 'string' || type === 'hash'
        ? []
        : [[key, { type, text: '', parts: [] }]]
    }),
  )
  readable.forEach(({ key, type }, at) => {
    const value = valueOf(type, read[at])
    if (value) values.set(key, value)
  })
  const idleMs = new Map(
    keys.flatMap((key, at): [string, number][] => {
      const seconds = idles[at]
      return typeof seconds === 'number' ? [[key, seconds * 1000]] : []
    }),
  )
  return { values, idleMs }
}

function valueOf(type: string, reply: Reply | undefined): Value | undefined {
  if (type === 'string') return typeof reply === 'string' ? { type, text: reply, parts: [] } : undefined
  const parts = Array.isArray(reply) ? reply[1] : undefined
  return Array.isArray(parts) ? { type, text: '', parts: parts.map(textOf) } : undefined
}
