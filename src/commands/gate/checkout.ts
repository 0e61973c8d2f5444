import { execFile } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { mkdir, symlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import { Children } from '../../lib/children.ts'
import { UsageError } from '../../lib/failure.ts'
import { nearest } from '../../lib/nearest.ts'

/** A file as it was at a git ref, with all that it imports. Disposing of it removes the copy. */
export interface Checkout extends AsyncDisposable {
  file: string
  commit: string
}

const gitMaxMs = 60_000
const outputMax = 1 << 26

/**
 * Lays the whole tree of the ref out in a temp folder that the janitor knows, so that it is gone however we end, and leads `node_modules` there to the
 * project's own. Nothing of the repository is touched: the index is the copy's own. Throws UsageError in one sentence; `shown` is the file as the user
 * wrote it.
 */
export async function checkOut(file: string, ref: string, shown: string): Promise<Checkout> {
  const real = existsSync(file) ? realpathSync(file) : file
  const root = await gitRoot(dirname(real), shown)
  const commit = await commitAt(root, ref)
  const path = relative(realpathSync(root), real)
  if ((await git(root, ['cat-file', '-e', `${commit}:${path}`])) === undefined)
    throw new UsageError(`${shown} is not there at ${ref} (${commit.slice(0, 9)}): there is no earlier version of it`)

  const children = await Children.open()
  try {
    const copy = join(children.folder, 'tree')
    await mkdir(copy)
    const env = { ...process.env, GIT_INDEX_FILE: join(children.folder, 'index') }
    for (const args of [
      ['read-tree', commit],
      ['checkout-index', '--all', `--prefix=${copy}/`],
    ])
      if ((await git(root, args, env)) === undefined) throw new UsageError(`git cannot write out ${ref} (${args[0]})`)
    await leadModules(root, copy, dirname(path))
    return { file: join(copy, path), commit, [Symbol.asyncDispose]: () => children[Symbol.asyncDispose]() }
  } catch (error) {
    await children[Symbol.asyncDispose]()
    throw error
  }
}

/** The branch that the file is compared with where nobody says: origin's own, else main or master, if the file is there; undefined where it is not. */
export async function baseRef(file: string): Promise<string | undefined> {
  if (!existsSync(file)) return undefined
  const real = realpathSync(file)
  const root = await git(dirname(real), ['rev-parse', '--show-toplevel'])
  if (root === undefined) return undefined
  const origins = await git(root, ['symbolic-ref', '--quiet', '--short', 'refs/remotes/origin/HEAD'])
  for (const ref of [...(origins ? [origins] : []), 'main', 'master'])
    if ((await git(root, ['cat-file', '-e', `${ref}:${relative(realpathSync(root), real)}`])) !== undefined) return ref
  return undefined
}

async function gitRoot(folder: string, shown: string): Promise<string> {
  const root = await git(folder, ['rev-parse', '--show-toplevel'])
  if (root !== undefined) return root
  if ((await git('/', ['--version'])) === undefined)
    throw new UsageError('there is no git on the PATH, which knows what the lock was before')
  throw new UsageError(`${shown} is in no git repository, so that there is no earlier version of it`)
}

async function commitAt(root: string, ref: string): Promise<string> {
  const commit = await git(root, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`])
  if (commit !== undefined) return commit
  const refs = (await git(root, ['for-each-ref', '--format=%(refname:short)'])) ?? ''
  const near = nearest(ref, refs.split('\n').filter(Boolean))
  const shallow = (await git(root, ['rev-parse', '--is-shallow-repository'])) === 'true'
  const hint = near !== undefined ? `did you mean ${near}?` : 'it takes a branch, a tag or a commit'
  const fetch = shallow ? ' (this clone is shallow: git fetch it first, or clone with the whole history)' : ''
  throw new UsageError(`there is no ${ref} in this repository; ${hint}${fetch}`)
}

/** The folders of packages lie beside the file or above it, and are in no commit. */
async function leadModules(root: string, copy: string, folder: string): Promise<void> {
  for (let at = folder; ; at = dirname(at)) {
    const modules = join(root, at, 'node_modules')
    const place = join(copy, at, 'node_modules')
    if (existsSync(modules) && !existsSync(place)) await symlink(modules, place)
    if (at === '.') return
  }
}

/** What git prints, trimmed; undefined where it fails. */
async function git(folder: string, args: string[], env = process.env): Promise<string | undefined> {
  const options = { timeout: gitMaxMs, maxBuffer: outputMax, env }
  const answer = await promisify(execFile)('git', ['-C', folder, ...args], options).catch(() => undefined)
  return answer?.stdout.trim()
}
