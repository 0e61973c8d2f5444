import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A proxy in front of a port that can eat what comes back, and close: the command was applied, and nobody is told. */
export interface Proxy extends AsyncDisposable {
  port: number
  /** From now on replies are swallowed; `close`: the connection is closed instead of being left open in silence. */
  eatReplies(how: 'close' | 'silence'): void
  pass(): void
}

export async function startProxy(upstreamPort: number): Promise<Proxy> {
  let eating: 'close' | 'silence' | undefined
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(upstreamPort, '127.0.0.1')
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.on('data', (chunk) => upstream.write(chunk))
    upstream.on('data', (chunk) => {
      if (eating === 'close') client.destroy()
      else if (eating === undefined) client.write(chunk)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    eatReplies: (how) => void (eating = how),
    pass: () => void (eating = undefined),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
