import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { promisify } from 'node:util'

const run = promisify(execFile)

const table = '/proc/sysvipc/shm'
/** Postgres' PGShmemHeader: all its other memory is anonymous and goes with its processes. */
const interlockBytes = 56

/**
 * Every Postgres marks its data directory as in use by a System V segment of 56 bytes, which the kernel keeps when the server is killed
 * by SIGKILL, as the janitor has to. So each run removes what earlier ones left: segments of our account, of that size, attached by
 * nobody, whose creator is dead. Postgres itself does the same to a segment of its own data directory.
 */
export async function sweepSharedMemory(uid: number): Promise<void> {
  if (!existsSync(table)) return
  const [header = '', ...rows] = readFileSync(table, 'latin1').trimEnd().split('\n')
  const names = header.trim().split(/\s+/)
  const stale = rows
    .map((row) => {
      const values = row.trim().split(/\s+/).map(Number)
      return (name: string) => values[names.indexOf(name)] ?? Number.NaN
    })
    .filter((segment) => segment('size') === interlockBytes && segment('nattch') === 0 && segment('uid') === uid)
    .filter((segment) => segment('cpid') > 0 && !existsSync(`/proc/${segment('cpid')}`))
  // Best effort: another run may be sweeping too, or there is no ipcrm.
  await Promise.allSettled(stale.map((segment) => run('ipcrm', ['-m', String(segment('shmid'))])))
}
