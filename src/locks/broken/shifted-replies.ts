import { randomUUID } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { definite } from '../definite.ts'
import type { Held } from '../held.ts'
import type { Lock } from '../lock.ts'
import { pause } from '../pause.ts'

const pollMs = 25
const timeoutMs = 400
const script = "return redis.call('get', KEYS[1]) == ARGV[1] and redis.call('del', KEYS[1]) or 0"

/**
 * Bug: a client of its own that matches replies to requests by their order, and strikes a request that timed out from its list. The reply comes all the same, and
 * goes to the next one who waits: from then on everybody reads his predecessor's answer, "OK" for a key that he did not get included. redis-py#2624, a
 * cancelled request on a connection that is used again, showed ChatGPT's users each other's conversations.
 */
export default {
  name: 'shifted-replies',
  topologies: ['single'],
  open(env) {
    const { host, port } = env.endpoints.redis[0]!
    let socket: Socket | undefined
    let pending: ((reply: string | Error) => void)[] = []

    function dial(): Socket {
      const dialled = connect({ host, port, noDelay: true })
      let received = ''
      dialled.on('data', (chunk) => {
        const lines = (received + chunk.toString()).split('\r\n')
        received = lines.pop()!
        for (const line of lines) pending.shift()?.(line)
      })
      dialled.on('error', () => {})
      dialled.on('close', () => {
        if (socket !== dialled) return
        socket = undefined
        for (const reject of pending.splice(0)) reject(new Error('the connection closed'))
      })
      pending = [() => {}]
      dialled.write(encode(['AUTH', env.endpoints.password]))
      return dialled
    }

    async function ask(...words: (string | number)[]): Promise<string> {
      socket ??= dial()
      const { promise, resolve } = Promise.withResolvers<string | Error>()
      pending.push(resolve)
      socket.write(encode(words.map(String)))
      const timer = setTimeout(() => {
        pending = pending.filter((each) => each !== resolve)
        resolve(new Error(`no reply within ${timeoutMs} ms`))
      }, timeoutMs)
      const reply = await promise
      clearTimeout(timer)
      if (reply instanceof Error) throw reply
      if (reply.startsWith('-')) throw definite(new Error(reply.slice(1)))
      return reply
    }

    return {
      async acquire(key, { ttlMs, waitMs, signal }): Promise<Held | null> {
        const token = randomUUID()
        const giveUpAt = performance.now() + waitMs
        while (true) {
          const sentAt = performance.now()
          const reply = await ask('SET', key, token, 'PX', ttlMs, 'NX')
          const validForMs = sentAt + ttlMs - performance.now() - 5
          if (reply === '+OK' && validForMs > 0) return { key, token, validForMs }
          if (signal.aborted || performance.now() + pollMs > giveUpAt) return null
          await pause(pollMs, signal)
        }
      },
      release: async ({ key, token }: Held) => (await ask('EVAL', script, 1, key, token)) === ':1',
      close: () => void socket?.destroy(),
    }
  },
} satisfies Lock

const encode = (words: string[]) =>
  `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`
