import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { EnvironmentError } from './failure.ts'

const blockSize = 100
const host = '127.0.0.1'

/**
 * The ports of one drill. A drill takes whole blocks of 100 ports and holds a listening socket on each block's first port as its
 * claim: two drills never share a block, and the kernel frees the claim whatever the drill dies of. Blocks lie outside the range of
 * ephemeral ports, so that no outgoing connection (and no self-connect) takes the port of a node that is down or a link that is cut.
 * A stranger may still sit on a port of the block: `next` skips it, and who binds later than that asks for another port.
 */
export class Ports implements AsyncDisposable {
  readonly #claims: Server[] = []
  #block = 0
  #offset = blockSize
  #claiming: Promise<void> | undefined

  static async open(): Promise<Ports> {
    const ports = new Ports()
    await ports.#claim()
    return ports
  }

  /** A port that nobody listened on a moment ago, never the same one twice. */
  async next(): Promise<number> {
    for (;;) {
      while (this.#offset >= blockSize) await (this.#claiming ??= this.#claim())
      const port = this.#block + this.#offset++
      const server = await listen(port)
      if (!server) continue
      await close(server)
      return port
    }
  }

  async #claim(): Promise<void> {
    const blocks = blockStarts(ephemeralRange())
    try {
      for (let left = blocks.length; left > 0; left--) {
        const [start] = blocks.splice(randomInt(left), 1) as [number]
        const claim = await listen(start)
        if (!claim) continue
        claim.unref()
        claim.on('connection', (socket) => socket.destroy())
        this.#claims.push(claim)
        this.#block = start
        this.#offset = 1
        return
      }
    } finally {
      this.#claiming = undefined
    }
    throw new EnvironmentError(`no free block of ${blockSize} ports on ${host}: are many drills running at once?`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#claims.splice(0).map(close))
  }
}

/** Where blocks may begin: below the ephemeral range, above it where there is no room below, anywhere where there is none at all. */
export function blockStarts([low, high]: readonly [number, number]): number[] {
  const below = range(10_000, low)
  if (below.length >= 20) return below
  const above = range(high + 1, 65_536)
  if (below.length + above.length >= 20) return [...below, ...above]
  return range(10_000, 65_536)
}

/** The starts of all whole blocks in [from, to). */
function range(from: number, to: number): number[] {
  const first = Math.ceil(from / blockSize)
  const count = Math.max(0, Math.floor(to / blockSize) - first)
  return Array.from({ length: count }, (_, index) => (first + index) * blockSize)
}

/** From which the kernel draws the ports of outgoing connections; both ends belong to it. */
function ephemeralRange(): [number, number] {
  try {
    const [low, high] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().split(/\s+/).map(Number)
    if (low && high) return [low, high]
  } catch {
    // Not Linux.
  }
  return process.platform === 'linux' ? [32_768, 60_999] : [49_152, 65_535]
}

/** Undefined where the port is taken, or not ours to take. */
function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen({ port, host, exclusive: true }, () => resolve(server))
  })
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}
