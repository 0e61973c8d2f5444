import { Connection } from './connection.ts'
import { Refused, Unreachable } from './failure.ts'
import { textOf } from './resp.ts'
import type { Address, Target } from './target.ts'

/** A Redis that a target leads to. */
export interface LiveNode {
  /** `redis://10.0.0.5:6379`, for messages and reports; never with a password. */
  name: string
  target: Target
  address: Address
}

/** What the Sentinels of a target say. */
export interface SentinelGroup {
  group: string
  quorum: number
  downAfterMs: number
  /** Besides the one that was asked. */
  otherSentinels: number
  replicas: number
}

export interface Found {
  node: LiveNode
  sentinels: SentinelGroup | undefined
}

/** Where the target's Redis is: for a Sentinel URL the primary of its group, by the first Sentinel that answers. */
export async function find(target: Target): Promise<Found> {
  const { sentinel, addresses, shown } = target
  if (sentinel === undefined) return { node: { name: shown, target, address: addresses[0]! }, sentinels: undefined }
  const reasons: string[] = []
  for (const address of addresses) {
    try {
      const { primary, group } = await askSentinel(target, address)
      const name = `${target.tls ? 'rediss' : 'redis'}://${shownAddress(primary)}`
      return { node: { name: `${name} (primary of ${sentinel.group})`, target, address: primary }, sentinels: group }
    } catch (error) {
      if (!(error instanceof Unreachable || error instanceof Refused)) throw error
      reasons.push(error.message)
    }
  }
  throw new Unreachable(
    addresses.length === 1 ? reasons[0]! : `none of the Sentinels of ${shown} names a primary: ${reasons.join('; ')}`,
  )
}

/** A connection that reads; `writes` are the commands beyond that (read-only.ts) which the caller needs. */
export const connectTo = (
  { name, target: { username, password, database, tls }, address }: LiveNode,
  writes: readonly string[] = [],
): Promise<Connection> => Connection.open({ where: name, address, username, password, database, tls, writes })

async function askSentinel({ sentinel, tls }: Target, address: Address) {
  const { group, username, password } = sentinel!
  const where = `the Sentinel ${shownAddress(address)}`
  using connection = await Connection.open({ where, address, username, password, database: 0, tls })
  const primary = await connection.askIfAllowed(
    (refusal) => {
      throw refusal.code === 'ERR' ? new Refused(`${where} is no Sentinel`, 'ERR') : refusal
    },
    'SENTINEL',
    'GET-MASTER-ADDR-BY-NAME',
    group,
  )
  if (!Array.isArray(primary))
    throw new Refused(`${where} knows no group ${group}${await knownGroups(connection)}`, 'ERR')
  const fields = new Map<string, string>()
  const told = await connection.askIfAllowed(() => {}, 'SENTINEL', 'MASTER', group)
  if (Array.isArray(told))
    for (let at = 0; at + 1 < told.length; at += 2) fields.set(textOf(told[at]), textOf(told[at + 1]))
  const number = (name: string) => Number(fields.get(name) ?? Number.NaN)
  return {
    primary: { host: textOf(primary[0]), port: Number(primary[1]) },
    group: {
      group,
      quorum: number('quorum'),
      downAfterMs: number('down-after-milliseconds'),
      otherSentinels: number('num-other-sentinels'),
      replicas: number('num-slaves'),
    } satisfies SentinelGroup,
  }
}

/** The end of a sentence. */
async function knownGroups(connection: Connection): Promise<string> {
  const told = await connection.askIfAllowed(() => {}, 'SENTINEL', 'MASTERS')
  const names = Array.isArray(told)
    ? told.flatMap((fields) => (Array.isArray(fields) ? [textOf(fields[fields.indexOf('name') + 1])] : []))
    : []
  return names.length > 0 ? `; it watches ${names.join(', ')}` : ''
}

const shownAddress = ({ host, port }: Address) => `${host.includes(':') ? `[${host}]` : host}:${port}`
