import { Redis } from 'ioredis'
import { countSent } from '../lib/sent.ts'
import type { NodeHandle } from '../runtimes/runtime.ts'

/** The harness' own connections, one per node, made when first asked for. */
export interface Admins extends Disposable {
  get(node: string): Redis
}

/**
 * A node that is down answers with an error within a fraction of a second, a paused one within `commandTimeout`; the connection itself
 * never gives up, so that a node that comes back is reached again at once.
 */
export function openAdmins(nodes: NodeHandle[], password: string): Admins {
  const clients = new Map<string, Redis>()
  return {
    get(name) {
      const known = clients.get(name)
      if (known) return known
      const node = nodes.find((each) => each.name === name)
      if (!node) throw new Error(`there is no node ${name}`)
      const client = connectTo(node, password)
      clients.set(name, client)
      return client
    },
    [Symbol.dispose]() {
      for (const client of clients.values()) client.disconnect()
    },
  }
}

export function connectTo({ host, port }: NodeHandle, password: string): Redis {
  const client = new Redis({
    host,
    port,
    password,
    // Faults on clients leave those alone whose name begins so.
    connectionName: 'picklock-admin',
    retryStrategy: (times) => Math.min(times * 20, 200),
    maxRetriesPerRequest: 3,
    connectTimeout: 1000,
    commandTimeout: 2000,
    // A Sentinel, and a node that loads its data, are asked all the same.
    enableReadyCheck: false,
  })
  countSent(client)
  // Every command says by itself what went wrong.
  client.on('error', () => {})
  return client
}
