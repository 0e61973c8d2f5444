import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { nothingDone, type Fault, type ServerHandle } from './fault.ts'
import { atServers, heldText } from './servers.ts'

const parameters = z.strictObject({})

/** CPU time that a loop burns and a server that waits does not, and how long a busy machine may take to give it. */
const burnsMs = 20
const burnsWithinMs = 2_000
const pollMs = 10
/** Its door answers within a millisecond where anybody is in. */
const knockMs = 60

export const blockEventLoop = {
  name: 'block-event-loop',
  title: 'A busy loop inside an order server, as of one long synchronous call',
  docs: `The server's JavaScript is busy with one call that does not return: a large JSON, a hash, an unlucky regular expression. No timer fires and no
reply is read, but the process burns its CPU and its kernel goes on taking in replies. Afterwards all timers that are overdue fire before the replies
are read: a call gives up although its answer is there. A program behind \`stdio:\` is a process of its own and is not blocked: it goes on renewing for a holder that does nothing, and its
answers wait in the pipe. With the target \`holder\` the loop begins in a turn in which the server holds a lock. Landed when the server burns CPU time and its door does not answer.`,
  group: 'servers',
  color: '#9c4f96',
  parameters,
  defaultTarget: 'holder',
  async inject(target) {
    if (target.servers.length === 0) return nothingDone('there is no server to block')
    return atServers(target, {
      strike: (server, whileHolding) => server.block({ whileHolding }),
      async seen(server, halt) {
        const [burnedMs, deaf] = await Promise.all([burned(server), isDeaf(server)])
        const what = `${server.name} (pid ${server.pid}) burned ${burnedMs} ms of CPU${heldText(halt)}`
        return {
          seen: burnedMs >= burnsMs && deaf,
          text: `${what}, and its door ${deaf ? 'does not answer' : 'still answers'}`,
        }
      },
      undo: (server) => server.unblock(),
    })
  },
} satisfies Fault<typeof parameters>

async function burned(server: ServerHandle): Promise<number> {
  const beforeMs = server.cpuMs() ?? 0
  const used = () => (server.cpuMs() ?? 0) - beforeMs
  for (const endMs = performance.now() + burnsWithinMs; performance.now() < endMs && used() < burnsMs;)
    await sleep(pollMs)
  return used()
}

async function isDeaf(server: ServerHandle): Promise<boolean> {
  try {
    await fetch(`${server.door}/health`, { signal: AbortSignal.timeout(knockMs) })
    return false
  } catch (error) {
    // Refused would be another thing than no answer.
    return (error as Error).name === 'TimeoutError'
  }
}
