import { mkdir, rename, rmdir, stat } from 'node:fs/promises'

/**
 * Puts a directory where a file belongs: a rename onto it fails, also for root. An older file is kept and comes back when the result is called. Undefined where there is a
 * directory already.
 */
export async function obstruct(file: string): Promise<(() => Promise<void>) | undefined> {
  const there = await stat(file).catch(() => undefined)
  if (there?.isDirectory()) return undefined
  const aside = `${file}.aside`
  if (there) await rename(file, aside)
  await mkdir(file)
  return async () => {
    // The whole folder goes where another fault brings the node back empty.
    await rmdir(file).catch(ignoreGone)
    if (there) await rename(aside, file).catch(ignoreGone)
  }
}

function ignoreGone(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
