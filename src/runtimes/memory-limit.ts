import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { EnvironmentError } from '../lib/failure.ts'

/**
 * Lets a running process allocate `headroomBytes` beyond what it has now (its soft RLIMIT_DATA; undefined lifts it). Past that its `mmap` fails
 * with ENOMEM, which a Redis reports as out of memory and dies of. Linux only: other systems cannot limit a process that runs already.
 */
export async function limitMemory(pid: number, headroomBytes: number | undefined): Promise<void> {
  const limit = headroomBytes === undefined ? 'unlimited' : String((await dataBytes(pid)) + headroomBytes)
  try {
    await promisify(execFile)('prlimit', ['--pid', String(pid), `--data=${limit}:`])
  } catch (error) {
    throw new EnvironmentError(
      `the memory of a running process is limited by Linux' prlimit: ${(error as Error).message.trim()}`,
    )
  }
}

/** Private writable memory that the process has mapped, the measure of RLIMIT_DATA since Linux 4.7. */
async function dataBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const kib = /^VmData:\s+(\d+) kB$/m.exec(status)?.[1]
  if (kib === undefined)
    throw new EnvironmentError(`how much memory process ${pid} has is not known here: that takes Linux' /proc`)
  return Number(kib) * 1024
}
