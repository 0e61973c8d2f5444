import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { freePort } from './support/free-port.ts'
import { asUserOfHelp, cutAfter, picklock, startServer } from './support/live.ts'
import { startRedis, type TestRedis } from './support/redis.ts'
import { until } from './support/until.ts'

/** `picklock watch` on a real server: what it sees, and that it leaves the server as it was. */

let redis: TestRedis
let url: string

beforeAll(async () => {
  redis = await startRedis()
  url = `redis://127.0.0.1:${redis.port}`
})
afterAll(() => redis[Symbol.asyncDispose]())

interface Line {
  type: string
  [more: string]: unknown
}

/** It watches, and has looked once; `lines` are those so far. */
const watching = (...args: string[]) => watchingAt(url, ...args)

async function watchingAt(at: string, ...args: string[]) {
  const started = picklock(['watch', at, '--every', '100ms', ...args])
  onTestFinished(() => void started.child.kill('SIGKILL'))
  const lines = () =>
    started.so.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Line)
  const last = () => lines().findLast(({ type }) => type === 'look')
  await until(() => last() !== undefined || started.child.exitCode !== null)
  return { ...started, lines, last }
}

const flags = async () => ((await redis.admin.config('GET', 'notify-keyspace-events')) as string[])[1]

/** One lock that is given back, one that expires, one without a TTL, one that lives too long. */
async function trade(prefix: string): Promise<void> {
  await redis.admin.set(`${prefix}:given`, 'a', 'PX', 3000, 'NX')
  await redis.admin.del(`${prefix}:given`)
  await redis.admin.set(`${prefix}:dead`, 'b', 'PX', 150, 'NX')
  await redis.admin.set(`${prefix}:stuck`, 'c')
  await redis.admin.set(`${prefix}:long`, 'd', 'PX', 60_000)
}

test('with notifications it sees every lock; the setting is put back; it ends by Ctrl-C with a summary', async () => {
  await redis.admin.flushall()
  await redis.admin.config('SET', 'notify-keyspace-events', 'Kl')
  const { child, said, last, lines } = await watching('--enable-notifications')
  expect(last()).toMatchObject({ how: 'notifications', locks: 0 })
  await trade('lock')
  await redis.admin.set('cart:1', 'x')
  await until(() => last()!['expired'] === 1 && last()!['withoutTtl'] === 1)
  child.kill('SIGINT')
  const { code, stderr } = await said
  expect(code).toBe(1)
  expect(lines().at(-1)).toMatchObject({
    type: 'summary',
    counts: { set: 4, renewed: 0, deleted: 1, expired: 1, evicted: 0, unseen: 0 },
    locks: 2,
    withoutTtl: 1,
    overLimit: 1,
  })
  const told = (kind: string) => lines().filter(({ type }) => type === kind)
  expect(['expired', 'no-ttl', 'over-limit'].map((kind) => told(kind).map(({ key }) => key))).toEqual([
    ['lock:dead'],
    ['lock:stuck'],
    ['lock:long'],
  ])
  expect(stderr).toMatch(/it was "lK", and is put back/)
  expect(stderr).toMatch(/is "lK" again/)
  expect(await flags()).toBe('lK')
})

test('the setting is put back also after kill -9', async () => {
  await redis.admin.config('SET', 'notify-keyspace-events', '')
  const { child, said } = await watching('--enable-notifications')
  expect(await flags()).not.toBe('')
  child.kill('SIGKILL')
  await said
  await until(async () => (await flags()) === '')
})

test('what somebody else has set meanwhile stays', async () => {
  await redis.admin.config('SET', 'notify-keyspace-events', '')
  const { child, said } = await watching('--enable-notifications')
  await redis.admin.config('SET', 'notify-keyspace-events', 'KEA')
  child.kill('SIGINT')
  expect((await said).stderr).toMatch(/is not as it was \(""\): somebody else has set it to "AKE" meanwhile/)
  expect(await flags()).toBe('AKE')
  await redis.admin.config('SET', 'notify-keyspace-events', '')
})

test('without notifications it looks again and again, and writes nothing: by the statistics of the server', async () => {
  await redis.admin.flushall()
  await redis.admin.config('RESETSTAT')
  const { child, said, last } = await watching('--pattern', 'stock:*')
  expect(last()).toMatchObject({ how: 'sampling' })
  const before = (await redis.admin.info('commandstats')).match(/(?<=cmdstat_)[^:]+/g)!
  expect(before.toSorted()).toEqual(['config|get', 'config|resetstat', 'info', 'ping', 'scan'])
  await redis.admin.set('stock:7', 'a', 'PX', 500)
  await redis.admin.set('stock:8', 'b', 'PX', 60_000)
  await redis.admin.set('lock:9', 'c')
  await until(() => last()!['locks'] === 2)
  await redis.admin.del('stock:8')
  await until(() => last()!['expired'] === 1 && last()!['deleted'] === 1)
  child.kill('SIGINT')
  const { code, stderr } = await said
  expect(code).toBe(1)
  expect(stderr).toMatch(/keyspace notifications are off .*a lock that comes and goes between two looks is not seen/)
})

test('the user that --help names, who may not write, is enough; what it may not do is one sentence', async () => {
  await redis.admin.config('SET', 'notify-keyspace-events', 'AE')
  const refused = await asUserOfHelp('watch', redis, async (as) => {
    const { stdout, stderr } = await picklock(['watch', as, '--for', '500ms']).said
    expect(stderr).toBe('')
    expect(stdout).toMatch(/"how":"notifications"/)
  })
  expect(refused).toEqual([])
  await redis.admin.call(
    'ACL',
    'SETUSER',
    'deaf',
    'on',
    '>d',
    '~*',
    'resetchannels',
    '+ping',
    '+scan',
    '+pttl',
    '+info',
    '+config|get',
    '+psubscribe',
  )
  const deaf = await picklock(['watch', `redis://deaf:d@127.0.0.1:${redis.port}`, '--for', '500ms']).said
  expect(deaf.stderr).toMatch(/does not allow this user PSUBSCRIBE \(NOPERM\): all keys are looked at again and again/)
  expect(deaf.stdout).toMatch(/"how":"sampling"/)
  await redis.admin.call('ACL', 'SETUSER', 'blind', 'on', '>b', '~*', '&*', '+ping', '+config|get', '+psubscribe')
  const blind = await picklock(['watch', `redis://blind:b@127.0.0.1:${redis.port}`, '--for', '5s']).said
  expect(blind).toMatchObject({ code: 3, stdout: '' })
  expect(blind.stderr).toMatch(/^picklock: redis:\S+ does not allow this user SCAN \(NOPERM\)\n$/)
  await redis.admin.config('SET', 'notify-keyspace-events', '')
})

test('memory: the alarm is told once, Prometheus has the figures', async () => {
  await redis.admin.flushall()
  const used = Number(/used_memory:(\d+)/.exec(await redis.admin.info('memory'))![1])
  await redis.admin.config('SET', 'maxmemory', String(used * 2))
  const port = await freePort()
  const { child, said, lines, last } = await watching('--alarm', '10%', '--metrics', `:${port}`)
  await until(() => lines().filter(({ type }) => type === 'look').length > 3)
  expect(last()).toMatchObject({ limitIs: 'maxmemory', limitBytes: used * 2 })
  const response = await fetch(`http://127.0.0.1:${port}/metrics`)
  const text = await response.text()
  expect(response.headers.get('content-type')).toMatch(/^text\/plain/)
  expect(text).toContain(`picklock_watch_memory_limit_bytes{node="${url}"} ${used * 2}`)
  expect(text).toContain(`picklock_watch_lock_events_total{node="${url}",event="expired"} 0`)
  const taken = await picklock(['watch', url, '--metrics', `:${port}`]).said
  expect([taken.code, taken.stderr]).toEqual([
    3,
    `picklock: --metrics cannot listen on 127.0.0.1:${port}: something else does\n`,
  ])
  child.kill('SIGINT')
  expect((await said).code).toBe(99)
  expect(lines().filter(({ type }) => type === 'alarm')).toHaveLength(1)
  await redis.admin.config('SET', 'maxmemory', '0')
})

test('a Redis that is restarted is watched again: the gap is a row, what went in it is nobody’s leak, the notifications are on again', async () => {
  const first = await startRedis()
  const { port } = first
  const { child, said, so, lines, last } = await watchingAt(`redis://127.0.0.1:${port}`, '--enable-notifications')
  await first.admin.set('lock:lost', 'a', 'PX', 9000, 'NX')
  await until(() => last()!['locks'] === 1)
  await first[Symbol.asyncDispose]()
  await until(() => lines().some(({ type }) => type === 'lost'))
  await using second = await startRedis(port)
  await until(() => lines().some(({ type }) => type === 'back'))
  await second.admin.set('lock:new', 'b', 'PX', 150, 'NX')
  await until(() => last()!['expired'] === 1)
  child.kill('SIGINT')
  const { code, stderr } = await said
  expect(code).toBe(1)
  const rows = lines()
  const lost = rows.findIndex(({ type }) => type === 'lost')
  const back = rows.findIndex(({ type }) => type === 'back')
  expect(rows[lost]).toMatchObject({
    node: `redis://127.0.0.1:${port}`,
    why: expect.stringMatching(/closed the connection/),
  })
  expect(back).toBe(lost + 1)
  expect(rows[back]).toMatchObject({ unseen: 1, lostForMs: expect.any(Number) })
  expect(rows.at(-1)).toMatchObject({
    type: 'summary',
    how: 'notifications',
    counts: { set: 2, deleted: 0, expired: 1, unseen: 1 },
    gaps: { count: 1, forMs: rows[back]!['lostForMs'] },
  })
  expect(rows.filter(({ type }) => type === 'expired').map(({ key }) => key)).toEqual(['lock:new'])
  expect(stderr).toMatch(/closed the connection.*; trying again for up to 30 s\n/)
  expect(stderr).toMatch(/is back after .*; 1 lock went meanwhile, nobody saw how/)
  expect(so.stderr).not.toMatch(/defect|Unhandled|at file:/)
  expect(((await second.admin.config('GET', 'notify-keyspace-events')) as string[])[1]).toBe('')
})

test('a way that breaks again and again is found again, until it stays away: exit 3 after the bound', async () => {
  const cut = await cutAfter(redis.port, 5000)
  const { said, lines } = await watchingAt(`redis://127.0.0.1:${cut.port}`, '--every', '20ms', '--reconnect', '700ms')
  const rows = (kind: string) => lines().filter(({ type }) => type === kind)
  await until(() => rows('back').length >= 2)
  await cut[Symbol.asyncDispose]()
  const { code, stdout, stderr } = await said
  expect(code).toBe(3)
  expect(rows('lost').length).toBe(rows('back').length + 1)
  expect(stderr).toMatch(/closed the connection.*; it did not come back within 0\.7 s\n$/)
  expect(JSON.parse(stdout.trim().split('\n').at(-1)!)).toMatchObject({
    type: 'summary',
    gaps: { count: rows('lost').length },
  })
})

test('a Sentinel group that fails over is followed to its new primary', async () => {
  await using first = await startRedis()
  await using second = await startRedis()
  await second.admin.replicaof('127.0.0.1', first.port)
  await until(async () => (await second.admin.info('replication')).includes('master_link_status:up'))
  await using sentinel = await startServer(
    'port',
    [
      `sentinel monitor shop 127.0.0.1 ${first.port} 1`,
      'sentinel down-after-milliseconds shop 500',
      `sentinel known-replica shop 127.0.0.1 ${second.port}`,
    ],
    true,
  )
  const { child, said, lines, last } = await watchingAt(`redis+sentinel://127.0.0.1:${sentinel.port}/shop`)
  await first.admin.set('lock:1', 'a', 'PX', 60_000)
  await until(async () => last()!['locks'] === 1 && (await second.admin.exists('lock:1')) === 1)
  first.signal('SIGKILL')
  await until(() => lines().some(({ type }) => type === 'back'))
  child.kill('SIGINT')
  expect((await said).code).toBe(99)
  const at = (port: number) => `redis://127.0.0.1:${port} (primary of shop)`
  expect(lines().filter(({ type }) => type === 'lost' || type === 'back')).toMatchObject([
    { type: 'lost', node: at(first.port) },
    // The replica has the lock as well.
    { type: 'back', node: at(second.port), unseen: 0 },
  ])
  expect(lines().at(-1)).toMatchObject({ type: 'summary', node: at(second.port), locks: 1, gaps: { count: 1 } })
})

test('what ends while the connection is lost is no whole watch: Ctrl-C then is exit 3; a user whose rights are gone is not tried again', async () => {
  const first = await startRedis()
  const { port } = first
  const metrics = await freePort()
  const gone = await watchingAt(`redis://127.0.0.1:${port}`, '--metrics', `:${metrics}`)
  const connected = async () =>
    /^picklock_watch_connected\{.*\} (\d)$/m.exec(
      await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text(),
    )?.[1]
  expect(await connected()).toBe('1')
  await first.admin.call('ACL', 'SETUSER', 'passing', 'on', '>p', 'allcommands', 'allkeys', 'allchannels')
  const passing = await watchingAt(`redis://passing:p@127.0.0.1:${port}`)
  await first[Symbol.asyncDispose]()
  await until(() => [gone, passing].every(({ so }) => so.stdout.includes('"type":"lost"')))
  expect(await connected()).toBe('0')
  gone.child.kill('SIGINT')
  expect(await gone.said).toMatchObject({ code: 3, stdout: expect.stringContaining('"type":"summary"') })
  await using _ = await startRedis(port)
  const { code, stderr } = await passing.said
  expect(code).toBe(3)
  expect(stderr).toMatch(/does not accept user passing with this password\n$/)
})

test('a connection that breaks, and a server that dies: one sentence, the summary, exit 3', async () => {
  await using cut = await cutAfter(redis.port, 5000)
  const broken = await picklock(['watch', `redis://127.0.0.1:${cut.port}`, '--every', '20ms', '--no-reconnect']).said
  expect(broken.code).toBe(3)
  expect(broken.stderr).toMatch(/closed the connection( while .* was asked)?\n$/)
  expect(broken.stdout).toMatch(/"type":"summary"/)

  await using dying = await startRedis()
  const { child, so, said } = picklock([
    'watch',
    `redis://127.0.0.1:${dying.port}`,
    '--enable-notifications',
    '--every',
    '100ms',
    '--reconnect',
    '300ms',
  ])
  await until(() => so.stdout.includes('"type":"look"'))
  dying.signal('SIGKILL')
  const { code, stderr, stdout } = await said
  expect(code).toBe(3)
  expect(stderr).toMatch(/closed the connection/)
  expect(stderr).not.toMatch(/defect|Unhandled|at file:/)
  expect(stdout).toMatch(/"type":"summary"/)
  expect(child.exitCode).toBe(3)
})

test('--for ends it; on a terminal it is a line for a person', async () => {
  const { code, stdout } = await picklock(['watch', url, '--for', '300ms', '--format', 'live']).said
  expect(code).toBe(0)
  expect(stdout).toMatch(/0 locks │ 0 set · 0 deleted · 0 expired │/)
  expect(stdout).toMatch(/every lock that went was given back/)
})

test('nothing of it stays behind', async () => {
  const { child, said } = await watching('--enable-notifications')
  const mine = async () =>
    String(await redis.admin.client('LIST'))
      .split('\n')
      .filter(Boolean).length
  expect(await mine()).toBeGreaterThan(1)
  child.kill('SIGKILL')
  await said
  // The keeper is a process of its own: it may come to put the setting back when the watch's connections are long gone.
  await until(async () => (await flags()) === '' && (await mine()) === 1)
})
