import type { Redis } from 'ioredis'
import { connectTo } from './admin.ts'
import { masterName, type Group } from './quorum.ts'

export interface Switch {
  from: string
  to: string
}

export interface Switches extends Disposable {
  /** Resolves when all Sentinels are listened to. */
  ready: Promise<void>
  listen(listener: (event: Switch) => void): void
}

/**
 * Hears `+switch-master` from every Sentinel, on connections of its own, and tells each switch once: the Sentinel that led the failover
 * says it first, the others repeat it when the news reaches them.
 */
export function watchSwitches({ redis, sentinels, nodeAt }: Group, password: string): Switches {
  const listeners: ((event: Switch) => void)[] = []
  const clients = sentinels.map((node) => connectTo(node, password))
  let current = redis[0]!.name
  const name = (host: string, port: string) => nodeAt({ host, port: Number(port) })?.name ?? `${host}:${port}`
  const hear = (_channel: string, message: string) => {
    const [master, oldHost, oldPort, newHost, newPort] = message.split(' ') as [string, string, string, string, string]
    if (master !== masterName) return
    const event = { from: name(oldHost, oldPort), to: name(newHost, newPort) }
    if (event.to === current) return
    current = event.to
    for (const listener of listeners) listener(event)
  }
  return {
    ready: Promise.all(clients.map((client) => subscribe(client, hear))).then(() => {}),
    listen: (listener) => listeners.push(listener),
    [Symbol.dispose]() {
      for (const client of clients) client.disconnect()
    },
  }
}

async function subscribe(client: Redis, hear: (channel: string, message: string) => void): Promise<void> {
  client.on('message', hear)
  await client.subscribe('+switch-master')
}
