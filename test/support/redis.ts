import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { freePort } from './free-port.ts'

/** One redis-server on a free loopback port, for a test that needs no topology. */
export interface TestRedis extends AsyncDisposable {
  port: number
  /** A connection of the test's own. */
  admin: Redis
  signal(signal: NodeJS.Signals): void
}

/** `at`: a port where one was before. */
export async function startRedis(at?: number): Promise<TestRedis> {
  const folder = mkdtempSync(join(tmpdir(), 'test-redis-'))
  const port = at ?? (await freePort())
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder]
  const child = spawn(process.env['PICKLOCK_REDIS_SERVER'] ?? 'redis-server', args, { stdio: 'ignore' })
  const exited = once(child, 'exit')
  const admin = new Redis({ host: '127.0.0.1', port, retryStrategy: () => 20 })
  admin.on('error', () => {})
  await admin.ping()
  return {
    port,
    admin,
    signal: (signal) => void child.kill(signal),
    async [Symbol.asyncDispose]() {
      admin.disconnect()
      child.kill('SIGKILL')
      await exited
      rmSync(folder, { recursive: true })
    },
  }
}
