import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EnvironmentError } from '../../lib/failure.ts'
import { explained, makeFolders } from '../../reporters/folder.ts'

/**
 * A gate has its folder to itself: two that write one junit.xml would each pass with the other's. Throws EnvironmentError where another one is at
 * it; what one left that was killed is taken over.
 */
export async function claimFolder(out: string): Promise<AsyncDisposable> {
  const file = join(out, '.gate.pid')
  await explained(out, () => makeFolders(out))
  const claim = () => writeFile(file, `${process.pid}\n`, { flag: 'wx' })
  try {
    await claim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return explained(out, () => Promise.reject(error as Error))
    const pid = Number(await readFile(file, 'utf8').catch(() => ''))
    if (pid > 0 && isAlive(pid))
      throw new EnvironmentError(
        `another gate (process ${pid}) is writing to ${out}; wait for it, or choose another place with --out`,
      )
    await rm(file, { force: true })
    await explained(out, claim)
  }
  return { [Symbol.asyncDispose]: () => rm(file, { force: true }) }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
