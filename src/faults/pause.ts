import { z } from 'zod'
import { ping } from '../lib/ping.ts'
import { eachNode } from './each-node.ts'
import type { Fault } from './fault.ts'

const parameters = z.strictObject({})

/** A node that runs answers within this time, also on a busy machine. */
const silenceMs = 250
const answerMs = 10_000

export const pause = {
  name: 'pause',
  title: 'SIGSTOP to a node: connections stand, nothing is answered',
  docs: `The process is stopped, as a machine that swaps, a hypervisor that migrates it, or a disk that hangs. A lock feels no error at all: the kernel takes its requests,
and after the heal all of them are carried out at once, also those whose callers gave up long ago. Leases run on meanwhile. Landed when the operating system says that
the process is stopped and a PING gets no answer within ${silenceMs} ms.`,
  group: 'nodes',
  onProcess: true,
  color: '#6b7a8f',
  parameters,
  defaultTarget: 'primary',
  inject: (target, _parameters, stage) =>
    eachNode(target, async (node) => {
      const { pid } = node
      const password = stage.cluster.admin(node.name).options.password ?? ''
      await node.pause()
      const heal = async () => {
        // Killed while it was stopped: whoever did that brings it back.
        if (node.pid !== pid) return
        await node.resume()
        const pong = await ping(node, password, answerMs)
        // One that ends the connection runs: another fault lets nobody in, or has killed it since.
        const silent = !pong.ok && pong.error.startsWith('timeout')
        if (silent && node.pid === pid && (await node.state()) === 'up')
          throw new Error(`${node.name} does not answer after SIGCONT: ${pong.error}`)
      }
      try {
        const state = await node.state()
        const pong = await ping(node, password, silenceMs)
        return {
          landed: state === 'paused' && !pong.ok && pong.error.startsWith('timeout'),
          proof: pong.ok
            ? `${node.name} is ${state} and still answers PING`
            : `${node.name} (pid ${pid}) is ${state} by the operating system's word, PING: ${pong.error}`,
          heal,
        }
      } catch (error) {
        await heal()
        throw error
      }
    }),
} satisfies Fault<typeof parameters>
