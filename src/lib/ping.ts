import { connect } from 'node:net'

export type Pong = { ok: true; ms: number } | { ok: false; error: string }

/**
 * AUTH and PING to a Redis or a Sentinel on a connection of its own, no client library between: the time from the request to `PONG`
 * in ms, or why it failed (an errno such as ECONNREFUSED, the server's own error line, `closed`, `timeout`). Never rejects.
 */
export function ping(address: { host: string; port: number }, password: string, timeoutMs: number): Promise<Pong> {
  return new Promise((resolve) => {
    const socket = connect({ ...address, noDelay: true })
    let sentAt = 0
    let received = ''
    const end = (pong: Pong) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(pong)
    }
    const timer = setTimeout(() => end({ ok: false, error: `timeout after ${timeoutMs} ms` }), timeoutMs)
    socket.on('connect', () => {
      sentAt = performance.now()
      socket.write(command('AUTH', password) + command('PING'))
    })
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
      const [auth, pong, ...more] = received.split('\r\n')
      if (auth!.startsWith('-') && pong !== undefined) return end({ ok: false, error: auth!.slice(1) })
      if (more.length === 0) return
      if (pong === '+PONG') end({ ok: true, ms: performance.now() - sentAt })
      else end({ ok: false, error: pong!.replace(/^-/, '') })
    })
    socket.on('error', (error: NodeJS.ErrnoException) => end({ ok: false, error: error.code ?? error.message }))
    socket.on('close', () => end({ ok: false, error: 'closed' }))
  })
}

function command(...words: string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`
}
