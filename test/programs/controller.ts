/**
 * A small Picklock: starts a topology and a program with a grandchild in a process group of its own, says what it started as one line of
 * JSON, and then `stays`, `throws` or is `busy` (its event loop hangs).
 */
import { stand } from '../support/cluster.ts'

const [topology, then] = process.argv.slice(2)
await using up = await stand(topology)
const { children, cluster, links } = up
const shell = children.spawn('sh', ['-c', 'setsid sleep 600 & setsid sleep 600 & wait'], { name: 'shell' })
process.stdout.write(
  `${JSON.stringify({
    id: children.id,
    folder: children.folder,
    pids: [shell.pid, ...[...cluster.redis, ...cluster.sentinels].map(({ pid }) => pid)],
    ports: [...links.all(), ...cluster.redis, ...cluster.sentinels, { port: Number(new URL(links.api).port) }].map(
      ({ port }) => port,
    ),
  })}\n`,
)
if (then === 'throws') throw new Error('as asked')
if (then === 'busy') for (;;);
await new Promise((resolve) => setTimeout(resolve, 600_000))
