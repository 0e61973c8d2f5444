import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AuditReport } from '../src/audit/report.ts'
import { freePort } from './support/free-port.ts'
import { asUserOfHelp, cutAfter, makeCertificates, picklock, startServer, type Certificates } from './support/live.ts'
import { chromium, noChromium, openInBrowser } from './support/browser.ts'
import { startRedis, type TestRedis } from './support/redis.ts'
import { until } from './support/until.ts'

/** `picklock audit` on real servers: what it finds, and that it leaves nothing behind. */

let redis: TestRedis
let url: string

beforeAll(async () => {
  redis = await startRedis()
  url = `redis://127.0.0.1:${redis.port}`
  await redis.admin.config('SET', 'maxmemory', '100mb')
  await redis.admin.config('SET', 'maxmemory-policy', 'volatile-ttl')
  await fill(redis.admin)
})
afterAll(() => redis[Symbol.asyncDispose]())

/** A shop of the incident: locks without a TTL, a Redisson lock, sessions, a cache, a key that is no text. */
async function fill(admin: Redis): Promise<void> {
  const pipeline = admin.pipeline()
  for (let index = 0; index < 300; index++) {
    pipeline.set(`lock:coupon:issue:${index}`, crypto.randomUUID())
    pipeline.set(`lock:point:${index}`, crypto.randomUUID(), 'PX', 600_000)
    pipeline.hset(`stock:${index}`, `${crypto.randomUUID()}:17`, '1').pexpire(`stock:${index}`, 9_000_000)
    pipeline.set(`sess:${crypto.randomUUID()}`, '{"userId":848}', 'EX', 43_200)
    pipeline.set(`cache:product:${index}`, 'x'.repeat(100))
    pipeline.set(`fence:lock:${index}`, index)
  }
  pipeline.set(Buffer.from([0x62, 0x3a, 0xff, 0x1b]), 'x')
  pipeline.set('lock:<img src=x onerror=alert(1)>', 'x')
  await pipeline.exec()
}

const reportOf = (stdout: string) => JSON.parse(stdout) as AuditReport
const audited = async (...args: string[]) => {
  const { code, stdout, stderr } = await picklock(['audit', ...args, '--format', 'json']).said
  return { code, stderr, report: reportOf(stdout), node: reportOf(stdout).nodes[0]! }
}
const found = (report: AuditReport) =>
  report.nodes.flatMap(({ findings }) => findings.map(({ severity, check }) => `${severity} ${check}`))

test('it tells locks from the rest, what is wrong with them, and with the settings', async () => {
  const { code, node, report } = await audited(url)
  expect(node.notRead).toEqual([])
  expect(node.keys).toBe(1802)
  expect(
    node.patterns
      .filter(({ lock }) => lock)
      .map(({ pattern, keys, noTtl, overLimit }) => [pattern, keys, noTtl, overLimit]),
  ).toEqual(
    expect.arrayContaining([
      ['lock:coupon:issue:*', 300, 300, 0],
      ['lock:point:*', 300, 0, 300],
      ['stock:*', 300, 0, 300],
    ]),
  )
  expect(node.patterns.find(({ pattern }) => pattern === 'fence:lock:*')).toMatchObject({
    lock: null,
    bookkeeping: true,
  })
  expect(node.patterns.find(({ pattern }) => pattern === 'sess:*')).toMatchObject({ keys: 300, lock: null })
  expect(node.patterns.map(({ pattern }) => pattern)).toContain('b:*')
  expect(node.ttl.reduce((sum, { keys }) => sum + keys, 0)).toBe(1802)
  expect(found(report)).toEqual(
    expect.arrayContaining([
      'high lock-without-ttl',
      'high lock-ttl-over-limit',
      'high eviction',
      'medium persistence',
    ]),
  )
  expect(JSON.stringify(report)).not.toContain('userId')
  expect(code).toBe(1)
})

test('--pattern says what the locks are, --ttl-limit what is too long', async () => {
  const { node } = await audited(url, '--pattern', 'sess:*', '--ttl-limit', '1d')
  expect(node.patterns.filter(({ lock }) => lock).map(({ pattern, overLimit }) => [pattern, overLimit])).toEqual([
    ['sess:*', 0],
  ])
})

test('nothing is written, nor is a setting: by the statistics of the server', async () => {
  const before = await redis.admin.dbsize()
  await redis.admin.config('RESETSTAT')
  await audited(url, '--again-after', '100ms')
  const called = (await redis.admin.info('commandstats')).match(/(?<=cmdstat_)[^:]+/g)!
  expect(called.toSorted()).toEqual([
    'command|info',
    'config|get',
    'config|resetstat',
    'getrange',
    'hscan',
    'info',
    'memory|usage',
    'object|idletime',
    'ping',
    'pttl',
    'scan',
    'slowlog|get',
    'type',
  ])
  expect(await redis.admin.dbsize()).toBe(before)
})

test('the user that --help names, who may not write, is enough', async () => {
  const refused = await asUserOfHelp('audit', redis, async (as) => {
    const { report, stderr } = await audited(as, '--again-after', '100ms')
    expect(stderr).toBe('')
    expect(report.nodes[0]!.keys).toBe(1802)
    expect(JSON.stringify(report)).not.toContain('password')
  })
  expect(refused).toEqual([])
})

test('what grows is told by a second pass', async () => {
  await redis.admin.config('RESETSTAT')
  const growing = picklock(['audit', url, '--again-after', '2s', '--format', 'json'])
  // Between the passes: the first has asked for every key.
  const asked = async () => Number(/cmdstat_pttl:calls=(\d+)/.exec(await redis.admin.info('commandstats'))?.[1] ?? 0)
  await until(async () => (await asked()) >= 1802)
  await Promise.all(Array.from({ length: 50 }, (_, index) => redis.admin.set(`lock:new:${index}`, 'x')))
  const { stdout } = await growing.said
  await redis.admin.del(Array.from({ length: 50 }, (_, index) => `lock:new:${index}`))
  expect(
    reportOf(stdout)
      .nodes[0]!.findings.filter(({ check }) => check === 'growth')
      .map(({ message }) => message),
  ).toEqual([expect.stringMatching(/^lock:new:\* grew by 50 keys without a TTL within 2/)])
})

describe('one sentence, exit 3', () => {
  let certificates: Certificates
  beforeAll(() => void (certificates = makeCertificates()))
  afterAll(() => certificates[Symbol.dispose]())

  const refused = async (sentence: RegExp, ...args: string[]) => {
    const { code, stderr } = await picklock(['audit', ...args]).said
    expect(stderr).toMatch(sentence)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(code).toBe(3)
  }

  test('nobody there, no such host, a wrong password, one too many', async () => {
    await refused(/nothing listens there/, `redis://127.0.0.1:${await freePort()}`)
    await refused(/was not found/, 'redis://no-such-host.invalid')
    await refused(/does not accept user picklock with this password/, `redis://picklock:wrong@127.0.0.1:${redis.port}`)
    await refused(/has no password, and refuses the one that was given/, `redis://:wrong@127.0.0.1:${redis.port}`)
    await refused(/has no database 99/, `${url}/99`)
  })

  test('a password is wanted; it may come from the environment', async () => {
    await using locked = await startServer('port', ['requirepass "hush"'])
    await refused(/wants a password/, `redis://127.0.0.1:${locked.port}`)
    const { code } = await picklock(['audit', `redis://127.0.0.1:${locked.port}`], { env: { REDISCLI_AUTH: 'hush' } })
      .said
    expect(code).toBe(99)
  })

  test('TLS: the right CA, no CA, another name, none at all, a certificate of ours', async () => {
    const { ca, cert, key } = certificates
    const tls = [`tls-cert-file ${cert}`, `tls-key-file ${key}`, `tls-ca-cert-file ${ca}`]
    await using open = await startServer('tls-port', [...tls, 'tls-auth-clients no'])
    await using strict = await startServer('tls-port', tls)
    const { node, stderr } = await audited(`rediss://localhost:${open.port}`, '--tls-ca', ca)
    expect([stderr, node.notRead]).toEqual(['', []])
    expect((await audited(`rediss://127.0.0.1:${open.port}`, '--tls-insecure')).node.notRead).toEqual([])
    await refused(/nobody here vouches for.*--tls-ca/, `rediss://localhost:${open.port}`)
    await refused(/certificate for another name/, `rediss://127.0.0.1:${open.port}`, '--tls-ca', ca)
    await refused(/speaks TLS \(rediss:\/\/\)|closed the connection/, `redis://127.0.0.1:${open.port}`)
    await refused(/asks for a certificate of ours/, `rediss://localhost:${strict.port}`, '--tls-ca', ca)
    const known = ['--tls-ca', ca, '--tls-cert', cert, '--tls-key', key]
    expect((await audited(`rediss://localhost:${strict.port}`, ...known)).node.notRead).toEqual([])
  })

  test('rights that are missing: what may be read is kept', async () => {
    await redis.admin.call('ACL', 'SETUSER', 'half', 'on', '>half', '~*', '+ping', '+scan', '+pttl')
    const { code, node, stderr } = await audited(`redis://half:half@127.0.0.1:${redis.port}`)
    expect(code).toBe(3)
    expect(node.keys).toBe(1802)
    expect(node.notRead).toEqual(
      expect.arrayContaining([expect.stringContaining('does not allow this user INFO (NOPERM)')]),
    )
    expect(stderr.split('\n')).toHaveLength(node.notRead.length + 1)
    await redis.admin.call('ACL', 'SETUSER', 'none', 'on', '>none', '~*', '+ping')
    expect((await audited(`redis://none:none@127.0.0.1:${redis.port}`)).node.notRead).toContainEqual(
      expect.stringContaining('does not allow this user SCAN (NOPERM)'),
    )
  })

  test('a connection that breaks half-way: what was seen is kept', async () => {
    await using cut = await cutAfter(redis.port, 50_000)
    const { code, node, stderr } = await audited(`redis://127.0.0.1:${cut.port}`)
    expect(code).toBe(3)
    expect(stderr).toMatch(/^picklock: redis:\/\/127\.0\.0\.1:\d+ closed the connection while \w+( \w+)? was asked\n$/)
    expect(node.keys).toBeGreaterThan(100)
    expect(node.keys).toBeLessThan(1802)
    expect(node.findings.map(({ check }) => check)).toContain('lock-without-ttl')
  })

  test('a node that fails leaves the other’s report alone', async () => {
    const { code, report } = await audited(url, `redis://127.0.0.1:${await freePort()}`)
    expect(report.nodes.map(({ notRead }) => notRead.length)).toEqual([0, 1])
    expect(code).toBe(3)
  })
})

test('a Sentinel leads to the primary; a group that it does not know is named', async () => {
  await using sentinel = await startServer('port', [`sentinel monitor shop 127.0.0.1 ${redis.port} 1`], true)
  const { node } = await audited(`redis+sentinel://127.0.0.1:1,127.0.0.1:${sentinel.port}/shop`)
  expect(node.node).toBe(`redis://127.0.0.1:${redis.port} (primary of shop)`)
  expect(node.findings.map(({ check }) => check)).toContain('sentinel-quorum')
  const { code, stderr } = await picklock(['audit', `redis+sentinel://127.0.0.1:${sentinel.port}/store`]).said
  expect(stderr).toMatch(/knows no group store; it watches shop/)
  expect(code).toBe(3)
})

test('a Redis with nothing wrong is exit 0; a mistake in the command is 2', async () => {
  await using good = await startServer('port', ['maxmemory 100mb', 'appendonly yes', 'appendfsync always'])
  expect((await picklock(['audit', `redis://127.0.0.1:${good.port}`]).said).code).toBe(0)
  for (const args of [
    ['localhost'],
    [url, '--skip', 'memroy'],
    [url, '--yes'],
    [url, '--tls-insecure'],
    [url, '--ttl-limit', '10'],
    [url, '--clean', '*'],
  ]) {
    const { code, stderr } = await picklock(['audit', ...args]).said
    expect(code, stderr).toBe(2)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  }
})

test('Ctrl-C ends it with what was seen', async () => {
  const { child, said, so } = picklock(['audit', url, '--rate', '300'])
  await until(() => so.stderr.includes('keys'))
  child.kill('SIGINT')
  const { code, stdout } = await said
  expect(code).toBe(130)
  expect(stdout).toMatch(/not looked at to the end: interrupted/)
})

describe('the page', () => {
  let folder: string
  beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'picklock-audit-'))))
  afterAll(() => rmSync(folder, { recursive: true }))

  test.skipIf(chromium === undefined)(
    chromium ? 'opens in a browser, and a key that is markup stays text' : noChromium,
    async () => {
      const file = join(folder, 'audit.html')
      await picklock(['audit', url, '--html', file]).said
      expect(readFileSync(file, 'utf8')).toContain('&lt;img src=x onerror=alert(*)&gt;')
      const { dom, said } = await openInBrowser(file)
      expect(said).toEqual([])
      expect(dom).toContain('findings of high severity')
      expect(dom).not.toMatch(/<img/)
    },
  )
})
