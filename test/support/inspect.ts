/** Prints what inspectLock and openLock say of each lock named: `node inspect.ts <folder> <spec…>`. Run by Node itself, because vitest imports modules its own way. */
import { inspectLock, loadLock } from '../../src/locks/index.ts'
import { lockEnv } from '../../src/locks/env.ts'
import { openLock } from '../../src/locks/open.ts'

const [folder, ...specs] = process.argv.slice(2)
const said: Record<string, { name: string; message: string }> = {}
for (const spec of specs) {
  const env = lockEnv({
    endpoints: { password: '', redis: [{ host: '127.0.0.1', port: 1 }] },
    topology: 'single',
    server: 'server-1',
    options: {},
    log: () => {},
  })
  try {
    const description = await inspectLock(spec, folder!)
    if (!spec.startsWith('stdio:')) await openLock(await loadLock(spec, folder!), env)
    said[spec] = { name: 'ok', message: description.name }
  } catch (error) {
    const { name, message } = error as Error
    said[spec] = { name, message }
  }
  env.disconnectAll()
}
console.log(JSON.stringify(said))
