import { chmod, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { Children } from '../src/lib/children.ts'
import { EnvironmentError } from '../src/lib/failure.ts'
import { ping } from '../src/lib/ping.ts'
import { runtimes } from '../src/runtimes/index.ts'
import { stand } from './support/cluster.ts'

test('a killed node keeps its data and its port', async () => {
  await using up = await stand('single')
  const [node] = up.cluster.redis
  const { port, pid } = node!
  const admin = up.cluster.admin('redis-1')
  await admin.set('stock:7', '100', 'PX', 60_000)
  await node!.kill()
  expect(await node!.state()).toBe('down')
  expect(node!.pid).toBeUndefined()
  await expect(admin.get('stock:7')).rejects.toThrow()
  expect(await up.links.get('server-1→redis-1').ping(5000)).toMatchObject({ ok: false })

  await node!.restart({ keepData: true })
  expect(node!.port).toBe(port)
  expect(node!.pid).not.toBe(pid)
  expect(await node!.state()).toBe('up')
  expect(await admin.get('stock:7')).toBe('100')
  expect(await admin.pttl('stock:7')).toBeGreaterThan(0)
  expect(await up.links.get('server-1→redis-1').ping(5000)).toMatchObject({ ok: true })
})

test('a node restarted without its data is empty', async () => {
  await using up = await stand('single')
  const [node] = up.cluster.redis
  await up.cluster.admin('redis-1').set('stock:7', '100')
  await node!.restart({ keepData: false })
  expect(await up.cluster.admin('redis-1').dbsize()).toBe(0)
})

test('a node that wrote down its settings comes back with its role, and without what it was told for a while', async () => {
  await using up = await stand('sentinel')
  const replica = up.cluster.admin('redis-2')
  await replica.config('SET', 'maxmemory', '1', 'maxclients', '20')
  await replica.config('REWRITE')
  await up.cluster.redis[1]!.restart({ keepData: true })
  expect(await replica.config('GET', 'maxmemory')).toEqual(['maxmemory', '0'])
  expect(await replica.config('GET', 'maxclients')).not.toContain('20')
  expect(String((await replica.role())[0])).toBe('slave')
  // One that was promoted stays what it is, also without its data.
  await replica.replicaof('NO', 'ONE')
  await replica.config('REWRITE')
  await up.cluster.redis[1]!.restart({ keepData: false })
  expect(String((await replica.role())[0])).toBe('master')
})

test('a paused node is silent, not gone', async () => {
  await using up = await stand('single')
  const [node] = up.cluster.redis
  await node!.pause()
  expect(await node!.state()).toBe('paused')
  expect(await up.links.get('server-1→redis-1').ping(200)).toEqual({ ok: false, error: 'timeout after 200 ms' })
  await node!.resume()
  expect(await node!.state()).toBe('up')
  expect(await up.links.get('server-1→redis-1').ping(5000)).toMatchObject({ ok: true })
})

test('a paused node can be killed, and a dead one neither paused nor killed again', async () => {
  await using up = await stand('single')
  const [node] = up.cluster.redis
  await node!.pause()
  await node!.kill()
  expect(await node!.state()).toBe('down')
  await node!.kill()
  await expect(node!.pause()).rejects.toThrow('redis-1 is down')
})

test('the keyspace tells what happens to keys', async () => {
  await using up = await stand('single')
  const { port } = up.cluster.redis[0]!
  const listener = new Redis({ port, password: up.runtime.password })
  listener.on('error', () => {})
  onTestFinished(() => listener.disconnect())
  const heard: string[] = []
  listener.on('pmessage', (_pattern: string, channel: string) => heard.push(channel))
  await listener.psubscribe('__keyevent@0__:*')
  await up.cluster.admin('redis-1').multi().set('stock:7', '1').pexpire('stock:7', 1000).del('stock:7').exec()
  await listener.ping()
  expect(heard).toEqual(['__keyevent@0__:set', '__keyevent@0__:expire', '__keyevent@0__:del'])
})

async function runtime() {
  const stack = new AsyncDisposableStack()
  onTestFinished(() => stack.disposeAsync())
  const children = stack.use(await Children.open())
  return { children, runtime: stack.use(await runtimes.process.open({ children, logs: children.folder })) }
}

test('a node whose port is taken gets another one', async () => {
  const { runtime: processes } = await runtime()
  const port = await processes.port()
  const stranger = createServer().listen(port, '127.0.0.1')
  onTestFinished(() => void stranger.close())
  await once(stranger, 'listening')
  const node = await processes.startNode({ name: 'redis-1', kind: 'redis', port, config: [] })
  expect(node.port).not.toBe(port)
  expect(await ping(node, processes.password, 5000)).toMatchObject({ ok: true })
})

test('a node that ends at once is an error of the environment with the end of its log', async () => {
  const { runtime: processes } = await runtime()
  const started = processes.startNode({
    name: 'redis-1',
    kind: 'redis',
    port: await processes.port(),
    config: ['no-such-setting 1'],
  })
  await expect(started).rejects.toThrow(EnvironmentError)
  await expect(started).rejects.toThrow(/redis-1 .* ended at once: .*no-such-setting/)
})

test('a redis-server that is too old is named, and how to name another', async () => {
  const { children } = await runtime()
  const old = join(children.folder, 'redis-server')
  // What Redis 5 does with our settings.
  const script = `#!/bin/sh
[ "$1" = --version ] && echo 'Redis server v=5.0.14 sha=00000000:0 malloc=jemalloc-5.1.0 bits=64 build=0' && exit 0
echo "Bad directive or wrong number of arguments" >&2; exit 1\n`
  await writeFile(old, script)
  await chmod(old, 0o755)
  const before = process.env['PICKLOCK_REDIS_SERVER']
  process.env['PICKLOCK_REDIS_SERVER'] = old
  onTestFinished(() => {
    if (before === undefined) delete process.env['PICKLOCK_REDIS_SERVER']
    else process.env['PICKLOCK_REDIS_SERVER'] = before
  })
  await using processes = await runtimes.process.open({ children, logs: children.folder })
  const started = processes.startNode({ name: 'redis-1', kind: 'redis', port: await processes.port(), config: [] })
  await expect(started).rejects.toThrow(/version 5\.0\.14, and Picklock needs 6\.2 or newer.*PICKLOCK_REDIS_SERVER/)
})
