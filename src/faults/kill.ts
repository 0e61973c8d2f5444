import { z } from 'zod'
import type { Fault } from './fault.ts'

const parameters = z.strictObject({
  /** Whether the node comes back with the data it had, or empty as a node without persistence does. */
  keepData: z.boolean().default(true),
})

export const kill = {
  name: 'kill',
  title: 'SIGKILL to a node; it comes back on the same port after `for`',
  docs: `The process dies at once, as from a power cut or the kernel's out-of-memory killer. A lock feels closed connections, then refused
ones. \`keepData: false\` brings it back empty: on a Redlock topology that is the restart that loses votes. Landed when the process is gone.`,
  group: 'nodes',
  onProcess: true,
  color: '#d1495b',
  parameters,
  defaultTarget: 'primary',
  async inject(target, { keepData }) {
    const states = await Promise.all(target.nodes.map(async (node) => ({ node, before: await node.state() })))
    const missing = states.filter(({ before }) => before === 'down')
    const killed = states.filter(({ before }) => before !== 'down')
    const pids = killed.map(({ node }) => `${node.name} (pid ${node.pid})`)
    await Promise.all(killed.map(({ node }) => node.kill()))
    const after = await Promise.all(killed.map(({ node }) => node.state()))
    const gone = after.every((state) => state === 'down')
    return {
      landed: gone && killed.length > 0 && missing.length === 0,
      proof: [
        gone && pids.length > 0 ? `${pids.join(', ')} gone` : '',
        gone ? '' : `${killed.map(({ node }, i) => `${node.name} is ${after[i]}`).join(', ')} after SIGKILL`,
        missing.length > 0 ? `${missing.map(({ node }) => node.name).join(', ')} was not running` : '',
      ]
        .filter(Boolean)
        .join('; '),
      async heal() {
        await Promise.all(killed.map(({ node }) => node.restart({ keepData })))
      },
    }
  },
} satisfies Fault<typeof parameters>
