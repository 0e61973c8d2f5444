/**
 * What may be sent to a Redis that somebody lives on: nothing that changes a key, a setting or another client. A connection (connection.ts) looks
 * here before it writes a byte, so that audit, watch and analyze are read-only by construction and not by good intentions.
 */
const readOnly = new Set([
  // Of the connection itself.
  'AUTH',
  'PING',
  'SELECT',
  // Of keys. All of these but the last two leave the key's idle time as it was.
  'DBSIZE',
  'EXISTS',
  'MEMORY USAGE',
  'OBJECT ENCODING',
  'OBJECT FREQ',
  'OBJECT IDLETIME',
  'PTTL',
  'SCAN',
  'TTL',
  'TYPE',
  'GETRANGE',
  'HSCAN',
  // Of the server.
  'CLIENT LIST',
  'CLUSTER INFO',
  'CLUSTER NODES',
  'COMMAND INFO',
  'CONFIG GET',
  'INFO',
  'ROLE',
  'SLOWLOG GET',
  'SLOWLOG LEN',
  'TIME',
  // Of a Sentinel.
  'SENTINEL GET-MASTER-ADDR-BY-NAME',
  'SENTINEL MASTER',
  'SENTINEL MASTERS',
  'SENTINEL REPLICAS',
  'SENTINEL SENTINELS',
  // What others do.
  'MONITOR',
  'PSUBSCRIBE',
  'SUBSCRIBE',
])

/** Commands whose first word alone says nothing: `CONFIG GET` reads, `CONFIG SET` does not. */
const containers = new Set(['CLIENT', 'CLUSTER', 'COMMAND', 'CONFIG', 'MEMORY', 'OBJECT', 'SENTINEL', 'SLOWLOG'])

/** `CONFIG GET`, `SCAN`: as the list above writes it. */
export function commandName(words: readonly string[]): string {
  const [first = '', second = ''] = words
  const name = first.toUpperCase()
  return containers.has(name) ? `${name} ${second.toUpperCase()}` : name
}

/** Throws where the command is none of the list, nor of `writes`, which a caller has to name. That is a defect of ours, and nothing was sent. */
export function mustBeAllowed(words: readonly string[], writes: readonly string[]): void {
  const name = commandName(words)
  if (!readOnly.has(name) && !writes.includes(name))
    throw new Error(`${name} is none of the commands that may be sent to a Redis that is only looked at`)
}
