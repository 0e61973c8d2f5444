import { z } from 'zod'
import { nothingDone, type Fault } from './fault.ts'
import { atServers, heldText } from './servers.ts'

const parameters = z.strictObject({})

export const crash = {
  name: 'crash',
  title: 'SIGKILL to an order server and its stdio program; a new one takes its place after `for`',
  docs: `The process is gone between two instructions: nothing is released, no farewell is sent, its leases stay on Redis until they end. After \`for\` a new server of the
same name opens the lock anew, with nothing in its memory, and goes on with its share of the load. A program behind \`stdio:\` dies and starts with its server. With the
target \`holder\` the server stops in a turn in which it holds a lock, and is killed there. Landed when the operating system knows none of its processes any more; healed
when the new one is ready.`,
  group: 'servers',
  color: '#8b1e3f',
  parameters,
  defaultTarget: 'holder',
  async inject(target) {
    if (target.servers.length === 0) return nothingDone('there is no server to kill')
    const pids = new Map(target.servers.map((server) => [server, server.pids.join(', ')]))
    return atServers(target, {
      async strike(server, whileHolding) {
        if (server.state() === 'down') return { halted: false, why: `${server.name} was down already` }
        // Where it need not hold anything it dies in the middle of whatever it does.
        const halt = whileHolding ? await server.pause({ whileHolding }) : { halted: true as const, holding: [] }
        if (halt.halted) await server.crash()
        return halt
      },
      seen: (server, halt) =>
        Promise.resolve({
          seen: server.state() === 'down',
          text: `${server.name} (pid ${pids.get(server)}) gone${heldText(halt)}`,
        }),
      undo: (server) => server.restart(),
    })
  },
} satisfies Fault<typeof parameters>
