import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A proxy in front of a port, for what a lock has to live with between itself and its Redis. */
export interface Proxy extends AsyncDisposable {
  port: number
  /** From now on replies are swallowed: the command was applied, and nobody is told. `close`: the connection is closed instead of being left in silence. */
  eatReplies(how: 'close' | 'silence'): void
  pass(): void
  /** Who comes is refused, and who is inside is thrown out, as by a server that died. */
  shut(): Promise<void>
  open(): Promise<void>
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
  })
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }
  const port = await listen(0)

  async function shut() {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  }

  return {
    port,
    eatReplies: (how) => void (eating = how),
    pass: () => void (eating = undefined),
    shut,
    async open() {
      if (!server.listening) await listen(port)
    },
    [Symbol.asyncDispose]: shut,
  }
}
