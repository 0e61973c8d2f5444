import type { Connection } from './connection.ts'
import type { Refused } from './failure.ts'

/** What INFO says, by the names of its fields; empty where this user may not ask. */
export async function readInfo(connection: Connection, told: (refusal: Refused) => void): Promise<Map<string, string>> {
  const text = await connection.askIfAllowed(told, 'INFO', 'all')
  return new Map(typeof text === 'string' ? parseInfo(text) : [])
}

export function parseInfo(text: string): [string, string][] {
  return text.split('\r\n').flatMap((line): [string, string][] => {
    const colon = line.indexOf(':')
    return colon < 0 || line.startsWith('#') ? [] : [[line.slice(0, colon), line.slice(colon + 1)]]
  })
}

/** The fields of `keys=12,expires=3,avg_ttl=0`. */
export function fieldsOf(value: string): Record<string, number | string> {
  return Object.fromEntries(
    value.split(',').map((pair) => {
      const [name = '', text = ''] = pair.split('=')
      const number = Number(text)
      return [name, text === '' || Number.isNaN(number) ? text : number]
    }),
  )
}
