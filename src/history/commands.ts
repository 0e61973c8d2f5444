/**
 * What a connection says and asks to be one, and what nodes say to each other: no work for a lock. Subcommands (`client|setinfo`) go with
 * their command.
 */
const housekeeping = new Set([
  'auth',
  'client',
  'command',
  'config',
  'hello',
  'info',
  'ping',
  'psync',
  'quit',
  'replconf',
  'role',
  'select',
  'sync',
])

/** A node's counters at one moment. */
export interface Commands {
  /** Of the process: counters begin anew with it. */
  runId: string
  /** By name, subcommands added up. */
  calls: Record<string, number>
}

/** Reads the reply of `INFO server commandstats`. https://redis.io/docs/latest/commands/info/ */
export function parseCommands(info: string): Commands {
  const calls: Record<string, number> = {}
  for (const [, name, count] of info.matchAll(/^cmdstat_([^:|\s]+)[^:\s]*:calls=(\d+)/gm))
    calls[name!] = (calls[name!] ?? 0) + Number(count)
  return { runId: /run_id:(\w+)/.exec(info)?.[1] ?? '', calls }
}

/**
 * How many commands a node carried out between two moments, beside what the harness sent in that time. Undefined where it was restarted, or
 * where a script of the harness' own sent more than can be told.
 */
export function commandsBetween(
  before: Commands,
  after: Commands,
  harness: readonly { before: Record<string, number>; after: Record<string, number> }[],
): number | undefined {
  if (before.runId !== after.runId) return undefined
  const sent = (name: string) =>
    harness.reduce((sum, { before: first, after: last }) => sum + (last[name] ?? 0) - (first[name] ?? 0), 0)
  if (sent('eval') + sent('evalsha') > 0) return undefined
  let total = 0
  for (const [name, count] of Object.entries(after.calls))
    if (!housekeeping.has(name)) total += Math.max(0, count - (before.calls[name] ?? 0) - sent(name))
  return total
}
