import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { freePort } from './free-port.ts'
import type { TestRedis } from './redis.ts'
import { until } from './until.ts'

/** What the tests of audit and watch need around a live Redis: the command line, TLS, a proxy that breaks off. */

const cli = join(import.meta.dirname, '../../src/cli.ts')

export interface Said {
  code: number | null
  stdout: string
  stderr: string
}

/** The command, started; `said` resolves when it has ended. */
export function picklock(args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}) {
  const { REDISCLI_AUTH: _, ...env } = process.env
  const child = spawn(process.execPath, [cli, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...env, ...options.env },
    ...(options.cwd !== undefined && { cwd: options.cwd }),
  })
  const so: Said = { code: null, stdout: '', stderr: '' }
  child.stdout.on('data', (data: Buffer) => (so.stdout += data.toString()))
  child.stderr.on('data', (data: Buffer) => (so.stderr += data.toString()))
  const said = once(child, 'close').then(([code]) => Object.assign(so, { code: code as number | null }))
  return { child, said, so }
}

/** A certificate authority, and certificates of a server and of a client by it. */
export interface Certificates extends Disposable {
  folder: string
  ca: string
  key: string
  cert: string
}

export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'picklock-tls-'))
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' })
  const days = ['-days', '2']
  openssl(
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-subj',
    '/CN=test CA',
    ...days,
  )
  openssl(
    'req',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-keyout',
    'server.key',
    '-out',
    'server.csr',
    '-subj',
    '/CN=localhost',
  )
  writeFileSync(join(folder, 'names'), 'subjectAltName=DNS:localhost\n')
  openssl(
    'x509',
    '-req',
    '-in',
    'server.csr',
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-out',
    'server.pem',
    '-extfile',
    'names',
    ...days,
  )
  return {
    folder,
    ca: join(folder, 'ca.pem'),
    key: join(folder, 'server.key'),
    cert: join(folder, 'server.pem'),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

export interface ServerProcess extends AsyncDisposable {
  port: number
}

/** A redis-server with arguments of the test's own; `port` is the argument that takes the port. */
export async function startServer(
  port: 'port' | 'tls-port',
  args: readonly string[],
  sentinel = false,
): Promise<ServerProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'picklock-live-'))
  const number = await freePort()
  const conf = join(folder, 'redis.conf')
  writeFileSync(conf, args.join('\n'))
  const child = spawn(
    process.env['PICKLOCK_REDIS_SERVER'] ?? 'redis-server',
    [
      conf,
      ...(sentinel ? ['--sentinel'] : []),
      ...(port === 'port' ? [] : ['--port', '0']),
      `--${port}`,
      String(number),
      '--bind',
      '127.0.0.1',
      ...(sentinel ? [] : ['--save', '']),
      '--dir',
      folder,
    ],
    { stdio: 'ignore' },
  )
  const exited = once(child, 'exit')
  await until(() => listens(number))
  return {
    port: number,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exited
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const listens = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })

/** A way to `port` that is cut once it has carried so many bytes back. */
export async function cutAfter(port: number, bytes: number): Promise<ServerProcess> {
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect({ host: '127.0.0.1', port })
    let carried = 0
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
    }
    client.pipe(upstream)
    upstream.on('data', (chunk: Buffer) => {
      carried += chunk.length
      client.write(chunk)
      if (carried >= bytes) {
        client.destroy()
        upstream.destroy()
      }
    })
    upstream.on('close', () => client.destroy())
    client.on('close', () => upstream.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/**
 * Makes the user that the command's --help says is enough, and runs `use` with its URL. → what Redis had to refuse it meanwhile: nothing, if the help is
 * right. That user may not write: that is checked first.
 */
export async function asUserOfHelp(command: string, redis: TestRedis, use: (url: string) => Promise<void>) {
  const { stdout } = await picklock([command, '--help']).said
  const [, rules = ''] = /ACL SETUSER (picklock on >password (?:[~&+]\S+\s+)*)/.exec(stdout) ?? []
  await redis.admin.call('ACL', 'SETUSER', ...rules.trim().split(/\s+/))
  const denied = []
  for (const words of [
    ['SET', 'lock:1', 'x'],
    ['DEL', 'lock:1'],
    ['EVAL', 'return 1', '0'],
    ['CONFIG', 'SET', 'timeout', '1'],
    ['FLUSHALL'],
  ])
    denied.push(String(await redis.admin.call('ACL', 'DRYRUN', 'picklock', ...words)))
  expect(denied).toEqual(denied.map(() => expect.stringMatching(/has no permissions to run/)))
  await redis.admin.call('ACL', 'LOG', 'RESET')
  await use(`redis://picklock:password@127.0.0.1:${redis.port}`)
  return redis.admin.call('ACL', 'LOG')
}
