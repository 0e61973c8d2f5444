import { z } from 'zod'
import { nothingDone, type Fault } from './fault.ts'
import { atServers, heldText } from './servers.ts'

const parameters = z.strictObject({})

export const stopProcess = {
  name: 'stop-process',
  title: 'SIGSTOP to an order server and its stdio program; SIGCONT after `for`',
  docs: `Nothing of the server runs: no timer, no renewal, no reply is read, while its connections stand and its leases run out. It is what a
stop-the-world collection, a suspended virtual machine or a CPU quota that is used up look like, only longer. When it goes on, it does so in the middle of its work, with
replies of long ago in its sockets. A program behind \`stdio:\` is stopped and goes on with its server. With the target \`holder\` the server stops itself, in a turn in which
it holds a lock. Landed when the operating system shows all of its processes as stopped.`,
  group: 'servers',
  color: '#5f4bb6',
  parameters,
  defaultTarget: 'holder',
  async inject(target) {
    if (target.servers.length === 0) return nothingDone('there is no server to stop')
    return atServers(target, {
      strike: (server, whileHolding) => server.pause({ whileHolding }),
      seen: (server, halt) =>
        Promise.resolve({
          seen: server.state() === 'paused',
          text: `${server.name} (pid ${server.pids.join(', ')}) is stopped${heldText(halt)}`,
        }),
      undo: (server) => server.resume(),
    })
  },
} satisfies Fault<typeof parameters>
