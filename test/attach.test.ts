import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { Children } from '../src/lib/children.ts'
import { Ports } from '../src/lib/ports.ts'
import { findTool } from '../src/lib/tools.ts'
import { reportsIn, run, start } from './support/cli.ts'
import { composeEnv, noDocker } from './support/docker.ts'
import { families, familyVerdicts, verdictsIn } from './support/families.ts'
import { until } from './support/until.ts'
import { needsDocker } from './support/with-docker.ts'

/** Drills on what already runs, and how it is left. */

const password = 'stack-password'
const short = ['--set', 'load.duration=2s', '--set', 'evidence.grants=20']
let out: string

beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), 'picklock-attach-'))
})
afterAll(() => rm(out, { recursive: true, force: true }))

const drill = (...args: string[]) => [
  'run',
  ...args,
  '--runtime',
  'attach',
  '--seed',
  '7',
  '--format',
  'json',
  '--quiet',
  '--out',
  out,
]

describe('given by its addresses', () => {
  interface Given {
    redis: Redis[]
    flags: string[]
    proxies(): Promise<Record<string, unknown>>
    api: string
  }

  /** Some other shop's Redis servers and Toxiproxy: processes that are none of a drill's. */
  async function stack(count = 1): Promise<Given> {
    const children = await Children.open()
    onTestFinished(() => children[Symbol.asyncDispose]())
    const ports = await Ports.open()
    onTestFinished(() => ports[Symbol.asyncDispose]())
    const addresses: string[] = []
    const redis: Redis[] = []
    for (let i = 0; i < count; i++) {
      const port = await ports.next()
      const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--requirepass', password]
      children.spawn(findTool('redis-server'), settings, { name: 'theirs', cwd: children.folder })
      const client = new Redis({ port, password, retryStrategy: () => 20 })
      client.on('error', () => {})
      onTestFinished(() => client.disconnect())
      await until(() =>
        client.ping().then(
          () => true,
          () => false,
        ),
      )
      redis.push(client)
      addresses.push(`127.0.0.1:${port}`)
    }
    const apiPort = await ports.next()
    const first = await ports.next()
    for (let next = first; next < first + 12;) next = await ports.next()
    children.spawn(findTool('toxiproxy-server'), ['-host', '127.0.0.1', '-port', String(apiPort)], { name: 'proxy' })
    const api = `http://127.0.0.1:${apiPort}`
    const proxies = async () => (await (await fetch(`${api}/proxies`)).json()) as Record<string, unknown>
    await until(() =>
      proxies().then(
        () => true,
        () => false,
      ),
    )
    const flags = addresses.flatMap((address) => ['--redis', address])
    return { redis, proxies, api, flags: [...flags, '--toxiproxy', api, '--link-ports', `${first}-${first + 12}`] }
  }

  const known = { PICKLOCK_REDIS_PASSWORD: password }
  const settingsOf = async (redis: Redis) => JSON.stringify(await redis.config('GET', '*'))
  const asOneSentence = async (args: string[], env: Record<string, string> = known) => {
    const { code, stderr } = await run(args, env)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    return { code, sentence: stderr.trim() }
  }

  test('it is drilled, and left as it was found', async () => {
    const { redis, proxies, flags } = await stack()
    const before = await settingsOf(redis[0]!)
    const [report] = reportsIn(await run(drill('oom', ...flags), known))
    expect(report).toMatchObject({ runtime: 'attach' })
    expect(report!.faults.map(({ fault, landed }) => [fault, landed])).toContainEqual(['oom', true])
    expect(await redis[0]!.keys('*')).toEqual([])
    expect(await settingsOf(redis[0]!)).toBe(before)
    expect(await proxies()).toEqual({})
  })

  test('also where Picklock is killed in the middle of a fault', async () => {
    const { redis, proxies, flags } = await stack()
    const before = await settingsOf(redis[0]!)
    const going = start(drill('oom', ...flags), known)
    const maxmemory = async () => (await redis[0]!.config('GET', 'maxmemory')) as string[]
    await until(async () => (await maxmemory())[1] === '1', 60_000)
    expect(Object.keys(await proxies())).toEqual(['server-1__redis-1', 'server-2__redis-1'])
    going.stop('SIGKILL')
    await going.over
    await until(async () => Object.keys(await proxies()).length === 0 && (await maxmemory())[1] === '0')
    await until(async () => (await redis[0]!.keys('*')).length === 0)
    expect(await settingsOf(redis[0]!)).toBe(before)
  })

  test('a file says the same as flags, and has no password in it', async () => {
    const { redis, api, flags } = await stack()
    const file = join(out, 'stack.yaml')
    await writeFile(
      file,
      `redis: ['127.0.0.1:${redis[0]!.options.port}']\ntoxiproxy: ${api}\nlinkPorts: ${flags.at(-1)}\n`,
    )
    expect(reportsIn(await run(drill('oversell', '--attach', file, ...short), known))).toMatchObject([
      { verdict: 'valid', reproduce: expect.stringContaining(`--runtime attach --attach ${file}`) as string },
    ])
    await writeFile(file, 'redis: 5\n')
    expect(await asOneSentence(drill('oversell', '--attach', file))).toMatchObject({ code: 2 })
  })

  test('keys of others, and proxies of others, are not ours to be among', async () => {
    const { redis, api, flags } = await stack()
    await redis[0]!.set('shop:cart', '1')
    const keys = await asOneSentence(drill('oversell', ...flags))
    expect(keys).toMatchObject({
      code: 2,
      sentence: expect.stringMatching(/holds keys that are not Picklock's \(shop:cart\)/) as string,
    })
    expect(await redis[0]!.getdel('shop:cart')).toBe('1')
    const theirs = { name: 'their-db', listen: '127.0.0.1:0', upstream: '127.0.0.1:1' }
    await fetch(`${api}/proxies`, { method: 'POST', body: JSON.stringify(theirs) })
    const proxies = await asOneSentence(drill('oversell', ...flags))
    expect(proxies).toMatchObject({
      code: 2,
      sentence: expect.stringMatching(/has proxies of somebody else \(their-db\)/) as string,
    })
  })

  test('what it could do and what it could not is told', async () => {
    const { redis, flags } = await stack(3)
    expect((await asOneSentence(drill('oversell', '--topology', 'redlock', ...flags), {})).sentence).toMatch(
      /redis-1 \(.*\) could nothing, and could not answer \(NOAUTH: give its password as PICKLOCK_REDIS_PASSWORD\)/,
    )
    await redis[1]!.replicaof('127.0.0.1', String(redis[0]!.options.port))
    await redis[2]!.shutdown('NOSAVE').catch(() => {})
    const { code, sentence } = await asOneSentence(drill('oversell', '--topology', 'redlock', ...flags))
    expect(code).toBe(3)
    expect(sentence).toMatch(/redis-1 \(\S+\) could answer, read, take CONFIG, take writes;/)
    expect(sentence).toMatch(
      /redis-2 \(\S+\) could answer, read, take CONFIG, and could not take writes \(READONLY .*\);/,
    )
    expect(sentence).toMatch(/redis-3 \(\S+\) could nothing, and could not answer \(ECONNREFUSED\)/)
  })

  test('what takes more than an address, or breaks another machine, is refused before anything is touched', async () => {
    const { flags } = await stack()
    expect(await asOneSentence(drill('memory-death', ...flags))).toMatchObject({
      code: 2,
      sentence: expect.stringMatching(/memory-death takes a hand on the process of a node/) as string,
    })
    const far = ['--redis', '192.0.2.1:6379', '--toxiproxy', 'http://192.0.2.1:8474']
    expect(await asOneSentence(drill('oom', ...far))).toMatchObject({
      code: 2,
      sentence: expect.stringMatching(
        /oom would break redis-1 at 192\.0\.2\.1.*add --allow-destructive 192\.0\.2\.1/,
      ) as string,
    })
  })

  test('ports of links that somebody else has are passed over; where none is left, one sentence says so', async () => {
    const { redis, proxies, flags } = await stack()
    const [first] = flags.at(-1)!.split('-').map(Number) as [number]
    const taken: Server[] = []
    onTestFinished(() =>
      Promise.all(taken.map((server) => new Promise((closed) => server.close(closed)))).then(() => {}),
    )
    const take = async (port: number) => {
      taken.push(createServer().listen(port, '127.0.0.1'))
      await once(taken.at(-1)!, 'listening')
    }
    await take(first)
    await take(first + 1)
    expect(reportsIn(await run(drill('oversell', ...short, ...flags), known))).toMatchObject([{ verdict: 'valid' }])
    for (let port = first + 2; port <= first + 12; port++) await take(port)
    const { code, sentence } = await asOneSentence(drill('oversell', ...flags))
    expect(sentence).toMatch(
      /^picklock: Toxiproxy does not open the link server-\d→redis-1: .*listen tcp 127\.0\.0\.1:\d+: bind: address already in use.* --link-ports/,
    )
    expect(code).toBe(3)
    expect(await proxies()).toEqual({})
    expect(await redis[0]!.keys('*')).toEqual([])
  })

  test('flags that do not fit together are mistakes', async () => {
    const { redis } = await stack()
    const address = `127.0.0.1:${redis[0]!.options.port}`
    expect(await asOneSentence(drill('oversell', '--redis', address))).toMatchObject({ code: 2 })
    expect(await asOneSentence(['run', 'oversell', '--redis', address])).toMatchObject({
      code: 2,
      sentence: 'picklock: --redis is about a stack that already runs; add --runtime attach',
    })
    expect(await asOneSentence(drill('oversell', 'oom', '--jobs', '2'))).toMatchObject({ code: 2 })
    await using ports = await Ports.open()
    const nobody = `http://127.0.0.1:${await ports.next()}`
    expect(await asOneSentence(drill('oversell', '--redis', address, '--toxiproxy', nobody))).toMatchObject({
      code: 3,
      sentence: `picklock: no Toxiproxy answers at ${nobody}: ECONNREFUSED`,
    })
  })
})

describe('the stack of docker-compose.yml', () => {
  needsDocker(whyNoCompose())

  const env = { ...process.env, ...composeEnv }
  const profiles = ['single', 'sentinel', 'redlock'].flatMap((profile) => ['--profile', profile])
  const compose = (...args: string[]) =>
    execFileSync('docker', ['compose', ...profiles, ...args], {
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  let up = false

  beforeEach(() => {
    if (up) return
    up = true
    compose('up', '-d', '--wait')
  }, 180_000)
  afterAll(() => {
    if (up) compose('down', '-v')
  }, 60_000)

  /** What a drill could have changed. */
  function state() {
    const ids = compose('ps', '-aq').trim().split('\n')
    const format = '{{.Name}} {{.State.Status}} {{.HostConfig.Memory}}'
    return {
      containers: execFileSync('docker', ['inspect', '-f', format, ...ids], { encoding: 'utf8' })
        .trim()
        .split('\n')
        .toSorted(),
      keys: [6401, 6411, 6412, 6421, 6422, 6423].map((port) => cli(port, 'DBSIZE')),
      events: [6401, 6411, 6412].map((port) => cli(port, 'CONFIG', 'GET', 'notify-keyspace-events')),
    }
  }
  const cli = (port: number, ...command: string[]) => {
    try {
      return compose('exec', '-T', `${nodeAt[port]}`, 'redis-cli', '-p', String(port), ...command).trim()
    } catch {
      return `${nodeAt[port]} is not running`
    }
  }
  const nodeAt: Record<number, string> = {
    6401: 'single-redis-1',
    6411: 'sentinel-redis-1',
    6412: 'sentinel-redis-2',
    6421: 'redlock-redis-1',
    6422: 'redlock-redis-2',
    6423: 'redlock-redis-3',
  }
  const schemas = async () => {
    const client = new pg.Client('postgres://picklock:picklock@127.0.0.1:5433/picklock')
    await client.connect()
    const { rows } = await client.query("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'drill%'")
    await client.end()
    return rows
  }
  const whole = async () => ({ ...state(), proxies: await proxies(), schemas: await schemas() })
  const proxies = async () => {
    const all = (await (await fetch('http://127.0.0.1:8474/proxies')).json()) as Record<string, { enabled: boolean }>
    return Object.entries(all).map(([name, { enabled }]) => `${name} ${enabled}`)
  }

  test(
    'it is found without a flag, drilled with the same verdicts, and left as it was found',
    { timeout: 400_000 },
    async () => {
      const before = await whole()
      const ended = await run(drill(...families))
      expect(verdictsIn(ended)).toEqual(familyVerdicts)
      expect(reportsIn(ended).every(({ versions }) => versions['docker'] !== undefined)).toBe(true)
      expect(await whole()).toEqual(before)
    },
  )

  test('a quorum of it, one of whose nodes comes back empty', { timeout: 120_000 }, async () => {
    const before = await whole()
    const [report] = reportsIn(await run(drill('quorum-restart', '--lock', 'reference')))
    expect(report!.faults.every(({ landed }) => landed)).toBe(true)
    expect(await whole()).toEqual(before)
  })

  test(
    'a node that was dead when Picklock was killed is up again, and nothing else is changed',
    { timeout: 120_000 },
    async () => {
      const before = await whole()
      const going = start(drill('primary-kill', '--lock', 'reference'))
      const dead = () => compose('ps', '-a', '--format', '{{.Name}} {{.State}}').includes('exited')
      await until(dead, 60_000)
      going.stop('SIGKILL')
      await going.over
      await until(async () => JSON.stringify(await whole()) === JSON.stringify(before), 60_000)
    },
  )
})

/** Undefined where it can be had, and its ports are free. */
function whyNoCompose(): string | undefined {
  if (noDocker !== undefined) return noDocker
  if (spawnSync('docker', ['compose', 'version'], { stdio: 'ignore' }).status !== 0)
    return 'docker compose is not installed'
  const up = spawnSync('docker', ['ps', '-q', '--filter', 'label=picklock.node'], { encoding: 'utf8' }).stdout.trim()
  return up === '' ? undefined : 'a stack of docker-compose.yml is up already'
}
