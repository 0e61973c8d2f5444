// A well-behaved program for the stdio protocol in a few lines, whose lock lives in its own memory. `odd` replaces single answers.
import { createInterface } from 'node:readline'

export const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`)
export const now = () => String(process.hrtime.bigint())

export function serve(odd = {}) {
  const held = new Map()
  const waiting = new Map()
  let grants = 0

  const answers = {
    hello: ({ id }) =>
      say({
        id,
        result: 'hello',
        protocol: 1,
        name: 'in-memory',
        capabilities: { extend: true, fencing: null },
        newer: 1,
      }),
    open: ({ id }) => say({ id, result: 'opened' }),
    acquire(request) {
      const { id, key, waitMs } = request
      const giveUpAt = performance.now() + waitMs
      const attempt = () => {
        if (!held.has(key)) {
          const grant = `g${++grants}`
          held.set(key, grant)
          waiting.delete(id)
          return answers.granted(request, grant)
        }
        if (performance.now() >= giveUpAt) {
          waiting.delete(id)
          return say({ id, result: 'contended', at: now() })
        }
        waiting.set(id, setTimeout(attempt, 5))
      }
      attempt()
    },
    granted: ({ id }, grant) =>
      say({ id, result: 'granted', grant, token: grant, fence: grants, validForMs: 900, at: now() }),
    extend: ({ id }) => say({ id, result: 'extended', validForMs: null, at: now() }),
    release({ id, grant }) {
      const mine = [...held].find(([, holder]) => holder === grant)
      if (mine) held.delete(mine[0])
      say({ id, result: mine ? 'released' : 'not_held', at: now() })
    },
    cancel({ target }) {
      if (!waiting.has(target)) return
      clearTimeout(waiting.get(target))
      waiting.delete(target)
      say({ id: target, result: 'contended' })
    },
    ping: ({ id }) => say({ id, result: 'pong' }),
    close({ id }) {
      say({ id, result: 'closed' })
      process.exit(0)
    },
    ...odd,
  }

  createInterface({ input: process.stdin })
    .on('line', (line) => {
      const request = JSON.parse(line)
      answers[request.op](request)
    })
    .on('close', () => process.exit(0))
}
