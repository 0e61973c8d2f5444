import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** As a shop's capture of December 2025 has it, blanks and all. */
const freeing = `
      if redis.call('get', KEYS[1]) == ARGV[1] then
        redis.call('del', KEYS[1])
        redis.call('publish', ARGV[2], 'released')
        return 1
      else
        return 0
      end
    `
const key = 'lock:coupon:issue:1'
const requests = 957
/** Who asks at any moment; each asks about once while one is served, which makes a hundred attempts a grant. */
const callers = 104
const pollMs = 8

export interface Rush {
  attempts: number
  acquisitions: number
  /** By the server's address. */
  grants: Record<string, number>
  /** In their order: at least from the grant's answer to the release's being sent, at most from the attempt's being sent to the release's answer. */
  holds: { ms: number; atMostMs: number }[]
  seconds: number
}

/** 957 users want a coupon of two servers that poll one lock (SET PX NX, and a script that frees it and publishes). */
export async function couponRush(port: number): Promise<Rush> {
  const servers = ['127.0.0.4', '127.0.0.5']
  const rush: Rush = { attempts: 0, acquisitions: 0, grants: {}, holds: [], seconds: 0 }
  const clients = await Promise.all(servers.map((address) => open(port, address)))
  let left = requests
  const startMs = performance.now()
  await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      const [server, ask] = [servers[caller % 2]!, clients[caller % 2]!.ask]
      while (left-- > 0) {
        await sleep(Math.random() * pollMs)
        const token = randomUUID()
        let askedMs
        for (;;) {
          rush.attempts++
          askedMs = performance.now()
          if ((await ask(['set', key, token, 'PX', '5000', 'NX'])) === '+OK') break
          await sleep(pollMs)
        }
        const sinceMs = performance.now()
        await sleep(6 + Math.random() * 2)
        const held = { ms: performance.now() - sinceMs, atMostMs: Infinity }
        rush.holds.push(held)
        await ask(['eval', freeing, '1', key, token, 'lock:release:coupon:issue:1'])
        held.atMostMs = performance.now() - askedMs
        rush.acquisitions++
        rush.grants[server] = (rush.grants[server] ?? 0) + 1
      }
    }),
  )
  rush.seconds = (performance.now() - startMs) / 1000
  for (const client of clients) client.close()
  return rush
}

/** A connection from an address of its own, which no client library offers. All answers are one line. */
async function open(port: number, localAddress: string) {
  const socket = connect({ host: '127.0.0.1', port, localAddress, noDelay: true })
  await once(socket, 'connect')
  const waiting: ((reply: string) => void)[] = []
  let rest = ''
  socket.on('data', (data: Buffer) => {
    const lines = (rest + data.toString('latin1')).split('\r\n')
    rest = lines.pop()!
    for (const line of lines) waiting.shift()!(line)
  })
  return {
    ask: (words: string[]) =>
      new Promise<string>((resolve) => {
        waiting.push(resolve)
        socket.write(`*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`)
      }),
    close: () => socket.destroy(),
  }
}
