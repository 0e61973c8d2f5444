import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { Children } from '../src/lib/children.ts'
import { openLinks } from '../src/links/index.ts'
import type { ContainerNode } from '../src/runtimes/container-node.ts'
import { runtimes } from '../src/runtimes/index.ts'
import type { Runtime } from '../src/runtimes/runtime.ts'
import { reportsIn, run, start } from './support/cli.ts'
import { imageFlags, images } from './support/docker.ts'
import { families, familyVerdicts, verdictsIn } from './support/families.ts'
import { until } from './support/until.ts'
import { needsDocker } from './support/with-docker.ts'

/** Nodes as real containers on a real engine. */

needsDocker()

const mb = 1024 * 1024
const inContainers = ['--runtime', 'docker', ...imageFlags]
let out: string

beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), 'picklock-docker-'))
})
afterAll(() => rm(out, { recursive: true, force: true }))

const docker = (...args: string[]) => execFileSync('docker', args, { encoding: 'utf8' }).trim()

/** Names of what carries the drill's label. */
function belongings(id: string): string[] {
  const filter = ['--filter', `label=picklock.drill=${id}`]
  const lists = [
    docker('ps', '-a', ...filter, '--format', '{{.Names}}'),
    docker('network', 'ls', ...filter, '--format', '{{.Name}}'),
    docker('volume', 'ls', ...filter, '--format', '{{.Name}}'),
  ]
  return lists.flatMap((list) => list.split('\n')).filter(Boolean)
}

/** Of all drills: other tests of this file are over, and no other file starts containers with this label. */
const drillContainers = () => docker('ps', '-a', '--filter', 'label=picklock.drill', '--format', '{{.Names}}')
const drillNetworks = () => docker('network', 'ls', '--filter', 'label=picklock.drill', '--format', '{{.Name}}')

async function open(): Promise<{ children: Children; runtime: Runtime }> {
  const children = await Children.open()
  onTestFinished(() => children[Symbol.asyncDispose]())
  const runtime = await runtimes.docker.open({
    children,
    logs: children.folder,
    images,
    ports: 8,
    expects: { kind: 'single', redis: ['redis-1'], sentinels: [] },
    destructive: [],
    say() {},
    lost() {},
  })
  onTestFinished(() => runtime[Symbol.asyncDispose]())
  return { children, runtime }
}

async function node(runtime: Runtime): Promise<{ node: ContainerNode; redis: Redis }> {
  const started = await runtime.startNode({ name: 'redis-1', kind: 'redis', port: await runtime.port(), config: [] })
  const redis = new Redis({
    host: started.host,
    port: started.port,
    password: runtime.password,
    retryStrategy: () => 20,
  })
  redis.on('error', () => {})
  onTestFinished(() => redis.disconnect())
  return { node: started as ContainerNode, redis }
}

/** The engine behind a socket of our own, which can be as dead as an engine that is gone. What is asked of it passes `before`. */
async function doorToEngine(socket: string, before: (asked: string) => Promise<void> = async () => {}) {
  const connections = new Set<Socket>()
  const engine = (process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock').replace('unix://', '')
  const server = createServer((client) => {
    const behind = connect(engine)
    for (const [one, other] of [
      [client, behind],
      [behind, client],
    ] as const) {
      connections.add(one)
      one.on('error', () => {}).on('close', () => (connections.delete(one), other.destroy()))
    }
    behind.pipe(client)
    let passed: Promise<unknown> = Promise.resolve()
    client.on('data', (asked: Buffer) => {
      passed = passed.then(() => before(asked.toString('latin1'))).then(() => behind.write(asked))
    })
  })
  const open = async () => void (await once(server.listen(socket), 'listening'))
  const shut = () => {
    const closed = new Promise((done) => server.close(done))
    for (const connection of connections) connection.destroy()
    return closed
  }
  await open()
  return { open, shut, [Symbol.asyncDispose]: shut }
}

test('a node is a container with a memory limit on a network of the drill; it is killed, paused and restarted at the same address', async () => {
  const { children, runtime } = await open()
  const { node: redis1, redis } = await node(runtime)
  const name = `picklock-${children.id}-redis-1`
  expect(belongings(children.id).toSorted()).toEqual(
    [name, `picklock-${children.id}-toxiproxy`, `picklock-${children.id}`].toSorted(),
  )
  expect(docker('inspect', '-f', '{{.HostConfig.Memory}} {{.Config.User}}', name)).toBe(`${512 * mb} 6379:6379`)

  await redis.set('a', '1')
  await redis1.kill()
  expect(await redis1.state()).toBe('down')
  await redis1.restart({ keepData: true })
  expect(await redis.get('a')).toBe('1')
  await redis1.pause()
  expect(await redis1.state()).toBe('paused')
  await redis1.kill()
  expect(await redis1.state()).toBe('down')
  await redis1.restart({ keepData: false })
  expect(await redis.get('a')).toBeNull()
  await redis1.pause()
  await redis1.resume()
  expect(await redis1.state()).toBe('up')

  await runtime[Symbol.asyncDispose]()
  expect(belongings(children.id)).toEqual([])
})

test('a limit is the kernel’s, and the container’s state is the proof of a death of it', async () => {
  const { runtime } = await open()
  const { node: redis1, redis } = await node(runtime)
  await redis1.limitMemory(16 * mb)
  expect(await redis1.memoryDeath()).toBeUndefined()
  const fill = async () => {
    for (let i = 0; i < 400; i++) await redis.set(`filler:${i}`, 'x'.repeat(256 * 1024))
  }
  void fill().catch(() => {})
  await until(async () => (await redis1.state()) === 'down')
  await until(async () => (await redis1.memoryDeath()) !== undefined)
  expect(await redis1.memoryDeath()).toMatch('OOMKilled, exit code 137')
  await redis1.restart({ keepData: false })
  expect(await redis1.memoryDeath()).toBeUndefined()
})

test('a snapshot really fails where a directory is in its place', async () => {
  const { runtime } = await open()
  const { node: redis1, redis } = await node(runtime)
  const undo = await redis1.obstruct('dump.rdb')
  expect(await redis1.obstruct('dump.rdb')).toBeUndefined()
  await redis.bgsave()
  await until(async () => (await redis.info('persistence')).includes('rdb_last_bgsave_status:err'))
  await undo!()
  await redis.bgsave()
  await until(async () => (await redis.info('persistence')).includes('rdb_last_bgsave_status:ok'))
})

test('links through Toxiproxy’s container lead to the node and can be cut', async () => {
  const { runtime } = await open()
  const { node: redis1 } = await node(runtime)
  await using links = openLinks(runtime)
  const [link] = await links.open([{ from: 'server-1', to: 'redis-1', upstream: redis1 }])
  expect(await link!.ping(2000)).toMatchObject({ ok: true })
  const cut = await link!.cut()
  expect(await link!.ping(2000)).toMatchObject({ ok: false })
  await cut[Symbol.asyncDispose]()
  expect(await link!.ping(2000)).toMatchObject({ ok: true })
})

test('the same drills come to the same verdicts as with processes', { timeout: 400_000 }, async () => {
  const drills = ['run', ...families, '--format', 'json', '--quiet', '--out', out]
  expect(verdictsIn(await run(drills))).toEqual(familyVerdicts)
  expect(verdictsIn(await run([...drills, ...inContainers]))).toEqual(familyVerdicts)
})

test('where containers are not reached by their own address, their ports are published', async () => {
  const drill = ['run', 'oversell', '--topology', 'redlock', '--set', 'load.duration=2s', '--set', 'evidence.grants=20']
  const ended = await run([...drill, '--format', 'json', '--out', out, ...inContainers], {
    PICKLOCK_DOCKER_REACH: 'published',
  })
  expect(reportsIn(ended)).toMatchObject([{ runtime: 'docker', verdict: 'valid' }])
})

test.each(['SIGINT', 'SIGKILL'] as const)('nothing is left after %s', async (signal) => {
  const drill = start(['run', 'oversell', '--set', 'load.duration=60s', '--out', out, ...inContainers])
  await until(() => drill.said().includes('  load'), 60_000)
  expect(drillContainers()).toContain('redis-1')
  drill.stop(signal)
  await drill.over
  await until(() => drillContainers() === '' && drillNetworks() === '', 60_000)
})

/** A door to the engine for this test. */
async function engineOfTest(before?: (asked: string) => Promise<void>) {
  const folder = await mkdtemp(join(tmpdir(), 'picklock-engine-'))
  const socket = join(folder, 'docker.sock')
  const door = await doorToEngine(socket, before)
  onTestFinished(async () => {
    await door[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })
  return { door, env: { DOCKER_HOST: `unix://${socket}` } }
}

test.each([
  ['once', 1, 0],
  ['each time', Infinity, 3],
])('a port to publish is taken at the last moment, %s', async (_title, times, code) => {
  const taken: Server[] = []
  onTestFinished(() => taken.forEach((server) => server.close()))
  const { env } = await engineOfTest(async (asked) => {
    const port = /"HostPort":"(\d+)"/.exec(asked)?.[1]
    if (port === undefined || taken.length >= times) return
    taken.push(createServer().listen(Number(port), '127.0.0.1'))
    await once(taken.at(-1)!, 'listening')
  })
  const quick = ['--set', 'load.duration=2s', '--set', 'evidence.grants=20', '--quiet', '--out', out]
  const ended = await run(['run', 'oversell', ...quick, ...inContainers], {
    ...env,
    PICKLOCK_DOCKER_REACH: 'published',
  })
  expect(taken.length).toBeGreaterThan(0)
  expect([ended.code, ended.stderr.trim()]).toEqual([
    code,
    code === 0
      ? ''
      : (expect.stringMatching(
          /^picklock: toxiproxy \(.*\) did not start: the Docker engine: .*(in use|allocated)[^\n]*$/,
        ) as string),
  ])
  expect(drillContainers() + drillNetworks()).toBe('')
})

test('an engine that dies half-way is one sentence and exit code 3, and what is left is removed when it is back', async () => {
  const { door, env } = await engineOfTest()
  const drill = start(['run', 'oversell', '--set', 'load.duration=60s', '--out', out, ...inContainers], env)
  await until(() => drill.said().includes('  load'), 60_000)
  await door.shut()
  const { code, stderr } = await drill.over
  expect(stderr.trim().split('\n').at(-1)).toBe(
    'picklock: the Docker engine stopped answering in the middle of the drill; what is left is removed when it is back',
  )
  expect(code).toBe(3)
  expect(drillContainers()).toContain('redis-1')
  await door.open()
  await until(() => drillContainers() === '' && drillNetworks() === '', 60_000)
})

test.each([
  ['no engine', [], { DOCKER_HOST: 'unix:///no/such.sock' }, /no Docker engine answers at unix:\/\/\/no\/such.sock/],
  [
    'an image that is nowhere',
    ['--image', 'redis=localhost:1/nowhere:1'],
    {},
    /the image localhost:1\/nowhere:1 cannot be pulled \(.*\); name another with --image redis=…/,
  ],
  [
    'an image of something else',
    ['--image', `redis=${images.toxiproxy}`],
    {},
    /redis-1 \(.*\) did not start: the Docker engine: /,
  ],
])('%s is one sentence and exit code 3', async (_title, flags, env, sentence) => {
  const { code, stderr } = await run(['run', 'oversell', '--quiet', '--out', out, ...inContainers, ...flags], env)
  expect(stderr.trim().split('\n')).toEqual([expect.stringMatching(sentence)])
  expect(code).toBe(3)
  expect(drillContainers()).toBe('')
})

test('--image without containers, and of what there is none, are mistakes', async () => {
  expect(await run(['run', 'oversell', '--image', 'redis=redis:8'])).toMatchObject({
    code: 2,
    stderr: 'picklock: --image redis=redis:8 is what containers are made of; add --runtime docker\n',
  })
  expect((await run(['run', 'oversell', '--runtime', 'docker', '--image', 'radish=x'])).stderr).toBe(
    'picklock: --image radish=x: it names one of redis, toxiproxy and postgres, for example redis=valkey/valkey:8\n',
  )
})
