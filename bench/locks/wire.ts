import type { Redis } from 'ioredis'

/** What one cycle sends, seen on the server: the commands with their arguments, and which ones the scripts ran by themselves. */
export interface Wire {
  acquire: string[][]
  release: string[][]
  /** Names of the commands that scripts ran: INFO commandstats counts them as if a client had sent them. */
  nested: string[]
}

/** The commands by which locks ask and free; nothing else of ours uses them. */
const asking = ['set', 'setnx', 'eval', 'evalsha', 'fcall']

const count = (commands: string[]) => commands.filter((name) => asking.includes(name)).length

/**
 * Watches one cycle with MONITOR, the step's bounds marked by ECHO. Nothing else may talk to the
 * server meanwhile, but the lock.
 */
export async function observeWire(marking: Redis, acquire: () => Promise<() => Promise<unknown>>): Promise<Wire> {
  const lines: { args: string[]; source: string }[] = []
  const monitor = await marking.monitor()
  monitor.on('monitor', (_time: string, args: string[], source: string) => void lines.push({ args, source }))
  // Its reconnection at the end is no business of ours.
  monitor.on('error', () => {})
  try {
    await marking.echo('acquire')
    const free = await acquire()
    await marking.echo('release')
    await free()
    await marking.echo('end')
    while (!lines.some(({ args }) => isMark(args, 'end'))) await new Promise((resolve) => setTimeout(resolve, 1))
  } finally {
    monitor.disconnect()
  }
  const at = (mark: string) => lines.findIndex(({ args }) => isMark(args, mark))
  const sent = (from: string, to: string) =>
    lines
      .slice(at(from) + 1, at(to))
      .filter(({ source }) => source !== 'lua')
      .map(({ args }) => args)
  return {
    acquire: sent('acquire', 'release'),
    release: sent('release', 'end'),
    nested: lines.filter(({ source }) => source === 'lua').map(({ args }) => args[0]!.toLowerCase()),
  }
}

const isMark = (args: string[], mark: string) => args[0]?.toLowerCase() === 'echo' && args[1] === mark

/**
 * Requests per grant: what the server counted of the commands that ask and free, less what scripts ran by themselves; and how many of
 * them are more than a release of its own for each grant. Where only scripts run a command, all its calls are theirs; where the lock sends
 * it as well, those of one cycle are.
 */
export function requestsPerGrant(calls: Record<string, number>, grants: number, wire: Wire) {
  const sent = [...wire.acquire, ...wire.release].map(([name]) => name!.toLowerCase())
  const own = asking.filter((name) => sent.includes(name) || !wire.nested.includes(name))
  const counted = own.reduce((sum, name) => sum + (calls[name] ?? 0), 0)
  const all = counted / grants - count(wire.nested.filter((name) => own.includes(name)))
  return { all, butReleases: all - count(wire.release.map(([name]) => name!.toLowerCase())) }
}

/** `INFO commandstats` as calls by command. */
export async function commandCalls(redis: Redis): Promise<Record<string, number>> {
  const text = await redis.info('commandstats')
  return Object.fromEntries(
    [...text.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].map(([, name, calls]) => [name!.toLowerCase(), Number(calls)]),
  )
}

export function difference(after: Record<string, number>, before: Record<string, number>): Record<string, number> {
  const entries = Object.entries(after).map(([name, calls]) => [name, calls - (before[name] ?? 0)] as const)
  return Object.fromEntries(entries.filter(([, calls]) => calls > 0))
}
