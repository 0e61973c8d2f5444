import { fork } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inParallel } from '../../lib/in-parallel.ts'
import { inspectLock } from '../../locks/index.ts'
import type { LockDescription } from '../../server/messages.ts'

/** A lock of the project: a module whose default export has the fields of the contract (locks/lock.ts). */
export interface FoundLock extends LockDescription {
  /** `./src/my-lock.ts` */
  file: string
}

export interface Search {
  locks: FoundLock[]
  /** Modules that read like a lock and could not be loaded as one, a sentence each. */
  refused: string[]
}

/** Bounds of the search: init is to answer at once, also in a folder that is no project. */
const foldersMax = 5_000
const depthMax = 8
const bytesMax = 256 * 1024
const candidatesMax = 40
const loadMaxMs = 10_000
const sideBySide = 4

const left = new Set(['node_modules', 'dist', 'build', 'out', 'coverage', 'reports', 'vendor'])
const isModule = (name: string) =>
  /\.[cm]?[jt]s$/.test(name) && !/\.(d|test|spec)\.[cm]?ts$|\.(test|spec|config)\./.test(name)

/** Looks at the text of the project's modules first, and loads only what reads like a lock, each in a process of its own that may throw, end or hang. */
export async function findLocks(folder: string): Promise<Search> {
  const search: Search = { locks: [], refused: [] }
  const candidates = modulesOf(folder).filter(readsLikeLock).slice(0, candidatesMax)
  for await (const { file, answer } of inParallel(candidates, sideBySide, (file) => load(file, folder))) {
    if ('name' in answer) search.locks.push({ ...answer, file: shown(file, folder) })
    else search.refused.push(answer.refused)
  }
  const depth = ({ file }: FoundLock) => file.split('/').length
  search.locks.sort((a, b) => depth(a) - depth(b) || a.file.localeCompare(b.file))
  search.refused.sort()
  return search
}

const shown = (file: string, folder: string) => `./${relative(folder, file)}`

function modulesOf(folder: string): string[] {
  const files: string[] = []
  const folders = [{ path: folder, depth: 0 }]
  for (let index = 0; index < folders.length && index < foldersMax; index++) {
    const { path, depth } = folders[index]!
    for (const entry of entriesOf(path)) {
      const inner = join(path, entry.name)
      if (entry.isFile() && isModule(entry.name)) files.push(inner)
      const isOwn = entry.isDirectory() && !entry.name.startsWith('.') && !left.has(entry.name)
      if (isOwn && depth < depthMax) folders.push({ path: inner, depth: depth + 1 })
    }
  }
  return files
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    // What may not be read is not the user's lock.
    return []
  }
}

function readsLikeLock(file: string): boolean {
  try {
    if (statSync(file).size > bytesMax) return false
    const text = readFileSync(file, 'utf8')
    return (
      /\bexport\s+default\b|\bexport\s*\{[^}]*\bdefault\b|\bmodule\.exports\b|\bexports\.default\b/.test(text) &&
      /\bopen\b/.test(text) &&
      /\bacquire\b/.test(text) &&
      /\brelease\b/.test(text)
    )
  } catch {
    return false
  }
}

type Answer = LockDescription | { refused: string }

async function load(file: string, folder: string): Promise<{ file: string; answer: Answer }> {
  const child = fork(fileURLToPath(import.meta.url), [shown(file, folder)], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), loadMaxMs)
  const answer = await new Promise<Answer>((resolve) => {
    child.on('message', (message: Answer) => resolve(message))
    child.on('error', ({ message }) => resolve({ refused: `${shown(file, folder)}: ${message}` }))
    child.on('exit', () =>
      resolve({ refused: `${shown(file, folder)} was not loaded within ${loadMaxMs / 1000} s, or ended the process` }),
    )
  })
  clearTimeout(timer)
  child.kill('SIGKILL')
  return { file, answer }
}

/** The other side: one module, loaded here and nowhere else. */
async function answerFor(spec: string): Promise<Answer> {
  try {
    return await inspectLock(spec, process.cwd())
  } catch (error) {
    return { refused: error instanceof Error ? error.message : String(error) }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url) && process.send !== undefined) {
  const answer = await answerFor(process.argv[2]!)
  process.send(answer, () => process.exit(0))
}
