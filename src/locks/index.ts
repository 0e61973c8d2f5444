import { basename, resolve } from 'node:path'
import { UsageError } from '../lib/failure.ts'
import { suggest } from '../lib/nearest.ts'
import type { LockDescription } from '../server/messages.ts'
import { broken } from './broken/index.ts'
import { command, commandName, findProgram, safeName } from './command.ts'
import { describe } from './describe.ts'
import { lockFromFile } from './file.ts'
import type { Lock } from './lock.ts'
import type { RegisteredLock } from './registry.ts'
import { sound } from './sound/index.ts'

/** The locks that Picklock brings along. Those of `broken/` are controls: wrong in a way that some drill has to catch. */
export const locks = {
  reference: {
    title: 'what the drills are calibrated with; by the book on all topologies',
    load: () => import('./reference/index.ts'),
  },
  redlock: { title: 'npm redlock 4.2, with its defaults', load: () => import('./redlock.ts') },
  'set-nx': {
    title: 'plain SET NX PX with a token, compare-and-delete, ioredis defaults',
    load: () => import('./set-nx.ts'),
  },
  ...sound,
  ...broken,
} satisfies Record<string, RegisteredLock>

/** What `--lock` said. `name` is for folders and reports: letters, digits, dots, dashes and underscores. */
export type LockSource =
  | { kind: 'registry'; name: keyof typeof locks }
  | { kind: 'file'; name: string; file: string }
  | { kind: 'stdio'; name: string; command: [string, ...string[]] }

/** A name of the registry, a path to a module, or `stdio:<command>`. Nothing is read yet. Throws UsageError. */
export function resolveLock(spec: string, cwd: string): LockSource {
  if (spec.startsWith('stdio:')) {
    const words = command(spec.slice('stdio:'.length))
    return { kind: 'stdio', name: commandName(words), command: words }
  }
  if (isRegistered(spec)) return { kind: 'registry', name: spec }
  if (/[/\\]/.test(spec) || /\.[cm]?[jt]s$/.test(spec)) {
    return { kind: 'file', name: safeName(basename(spec).replace(/\.[^.]+$/, '')), file: resolve(cwd, spec) }
  }
  throw new UsageError(
    `there is no lock "${spec}": ${suggest(spec, Object.keys(locks))} (a file of yours is given as a path: ./${spec}.mjs)`,
  )
}

const isRegistered = (spec: string): spec is keyof typeof locks => Object.hasOwn(locks, spec)

/** The lock's module, checked. A stdio program is no module: `openStdio` (stdio.ts) starts it. Throws UsageError. */
export async function loadLock(spec: string, cwd: string): Promise<Lock> {
  const source = resolveLock(spec, cwd)
  switch (source.kind) {
    case 'registry':
      return (await locks[source.name].load()).default
    case 'file':
      return lockFromFile(source.file, spec)
    case 'stdio':
      throw new TypeError('a stdio lock is opened with openStdio')
  }
}

/**
 * What a lock says of itself, before anything is started. A program says it only when it runs: of that only its being there is checked,
 * and the rest is assumed. Throws UsageError.
 */
export async function inspectLock(spec: string, cwd: string): Promise<LockDescription> {
  const source = resolveLock(spec, cwd)
  if (source.kind !== 'stdio') return describe(await loadLock(spec, cwd))
  findProgram(source.command[0], cwd)
  return { ...describe({ name: source.name }), capabilities: { fencing: true, extend: true } }
}
