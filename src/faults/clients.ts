import type { Redis } from 'ioredis'
import { within } from '../lib/within.ts'

/** A connection to a node, by its own word. */
export interface ClientEntry {
  id: string
  name: string
  /** Its command under way or the last one, in lower case. */
  command: string
  kind: ClientKind
}

/**
 * `pubsub` has subscribed, `blocked` waits in a command such as BLPOP; `own` is the harness', another node's (replication) or a Sentinel's:
 * no fault touches those.
 */
export type ClientKind = 'normal' | 'pubsub' | 'blocked' | 'own'

/** https://redis.io/docs/latest/commands/client-list/ */
export async function clientsOf(admin: Redis): Promise<ClientEntry[]> {
  const list = (await admin.client('LIST')) as string
  return list
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const field = (name: string) => new RegExp(`(?:^| )${name}=(\\S*)`).exec(line)?.[1] ?? ''
      return {
        id: field('id'),
        name: field('name'),
        command: field('cmd'),
        kind: kindOf(field('name'), field('flags')),
      }
    })
}

function kindOf(name: string, flags: string): ClientKind {
  if (/^(picklock-(admin|observer)|sentinel-)/.test(name) || /[SM]/.test(flags)) return 'own'
  if (flags.includes('P')) return 'pubsub'
  return flags.includes('b') ? 'blocked' : 'normal'
}

/** Ends these connections; → how many were still there. */
export async function cut(admin: Redis, clients: readonly ClientEntry[]): Promise<number> {
  const killed = await Promise.all(clients.map(({ id }) => admin.call('CLIENT', 'KILL', 'ID', id)))
  return killed.filter((count) => count === 1).length
}

/**
 * A connection of the harness' own that is no substitute for its admin: it waits as long as it takes, and does not come back by itself.
 * Rejects where the node does not let it in.
 */
export async function dialAs(admin: Redis, role: 'probe' | 'runner'): Promise<Redis & Disposable> {
  const client = admin.duplicate({
    connectionName: `picklock-admin-${role}`,
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    connectTimeout: dialMs,
  })
  delete client.options.commandTimeout
  let failure: Error | undefined
  client.on('error', (error) => (failure = error))
  try {
    await client.connect()
    // A node that refuses writes refuses PING as well, and one that is stopped takes the connection and says nothing.
    await within(dialMs, 'the first answer', client.echo(''))
  } catch (error) {
    client.disconnect()
    throw failure ?? error
  }
  return Object.assign(client, { [Symbol.dispose]: () => client.disconnect() })
}

const dialMs = 5_000
