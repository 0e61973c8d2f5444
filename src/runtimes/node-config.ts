import type { NodeSpec } from './runtime.ts'

export interface NodePlace {
  port: number
  /** The address that it listens on. */
  bind: string
  password: string
  /** For its data. */
  dir: string
}

/**
 * The configuration of a node, wherever it runs. Every node keeps an append-only file that is written at the end of each turn of its event loop and never
 * synced: SIGKILL loses nothing that was acknowledged (the kernel has it), and no disk stalls a drill.
 */
export function nodeConfig({ kind, config }: NodeSpec, { port, bind, password, dir }: NodePlace): string[] {
  return [
    `port ${port}`,
    `bind ${bind}`,
    'protected-mode yes',
    'daemonize no',
    `requirepass ${password}`,
    `dir ${JSON.stringify(dir)}`,
    // Setting the title would wipe the environment by which the janitor knows its processes.
    'set-proc-title no',
    ...(kind === 'redis' ? redisConfig(password) : []),
    ...config,
    '',
  ]
}

/**
 * The configuration for another start, with the role that the node was told last where `before` is what it ran with. Sentinel has a node that it promotes or
 * demotes write down all of its settings, also those that a fault has changed for a while: a process that died must not come back with them.
 */
export function configText(config: readonly string[], before?: string): string {
  if (before === undefined) return config.join('\n')
  return [...config.filter((line) => !isRole(line)), ...before.split('\n').filter(isRole), ''].join('\n')
}

function redisConfig(password: string): string[] {
  return [
    `masterauth ${password}`,
    "save ''",
    'appendonly yes',
    'appendfsync no',
    // A rewrite forks in the middle of a drill; its file is thrown away in a minute.
    'auto-aof-rewrite-percentage 0',
    // All keyspace events but key misses and new keys, under the event's name (`__keyevent@0__:del`).
    'notify-keyspace-events EA',
    // A replica link must stand, and break, within the seconds that a drill has.
    'repl-diskless-sync yes',
    'repl-diskless-sync-delay 0',
    'repl-ping-replica-period 1',
    'repl-timeout 5',
  ]
}

/** A line of a configuration that says whom the node follows, and with which password. */
const isRole = (line: string) => /^(replicaof|slaveof|masterauth) /.test(line)
