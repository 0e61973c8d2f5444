import type { Redis } from 'ioredis'
import type { NodeEvent } from './event.ts'
import type { Observation } from './recorder.ts'

/** Short enough to see a node fill up within a second; one look costs it less than a tenth of a millisecond. */
const everyMs = 250

interface Watched {
  nodes: readonly string[]
  /** The harness' own connection to a node. */
  admin(node: string): Redis
  /** How many commands the harness sent to a node so far. */
  sent(node: string): number
  record(event: Observation<NodeEvent>): void
}

/**
 * Asks every node four times a second what it uses and does, from now until it is disposed of. A node that has not answered is not asked again, and nobody
 * waits for it, at the end neither: it leaves a gap.
 */
export function recordNodeCurves({ nodes, admin, sent, record }: Watched): Disposable {
  const asking = new Set<string>()
  const look = async (node: string) => {
    if (asking.has(node)) return
    asking.add(node)
    try {
      const redis = admin(node)
      // Several sections in one INFO are Redis 7's.
      const answers = await Promise.all(['memory', 'clients', 'stats'].map((section) => redis.info(section)))
      const said = parseNode(answers.join('\n'))
      if (said) record({ process: node, type: 'info', f: 'node', ...said, harnessCommands: sent(node) })
    } catch {
      // It is down, paused or busy: the gap tells.
    } finally {
      asking.delete(node)
    }
  }
  const lookAtAll = () => nodes.forEach((node) => void look(node))
  lookAtAll()
  const timer = setInterval(lookAtAll, everyMs)
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

type Said = Pick<NodeEvent, 'usedBytes' | 'maxBytes' | 'clients' | 'commands' | 'errorReplies'>

const fields: Record<keyof Said, string> = {
  usedBytes: 'used_memory',
  maxBytes: 'maxmemory',
  clients: 'connected_clients',
  commands: 'total_commands_processed',
  errorReplies: 'total_error_replies',
}

/** Reads the replies of `INFO memory`, `clients` and `stats`; undefined where one of the numbers is missing. https://redis.io/docs/latest/commands/info/ */
function parseNode(info: string): Said | undefined {
  const told = new Map(info.split(/\r?\n/).map((line) => line.split(':', 2) as [string, string | undefined]))
  const said = Object.entries(fields).map(
    ([name, field]) => [name, Number.parseInt(told.get(field) ?? '', 10)] as const,
  )
  return said.some(([, value]) => Number.isNaN(value)) ? undefined : (Object.fromEntries(said) as unknown as Said)
}
