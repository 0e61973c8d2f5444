import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { clean, type CleanOptions } from '../src/clean/clean.ts'
import { parseTarget } from '../src/live/target.ts'
import { picklock } from './support/live.ts'
import { startRedis, type TestRedis } from './support/redis.ts'

/** `picklock audit --clean` on a real server: what goes, and above all what stays. */

let redis: TestRedis
let url: string
let folder: string

beforeAll(async () => {
  redis = await startRedis()
  url = `redis://127.0.0.1:${redis.port}`
  folder = mkdtempSync(join(tmpdir(), 'picklock-clean-'))
})
afterAll(async () => {
  await redis[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})
beforeEach(async () => {
  await redis.admin.flushall()
  await redis.admin.set('lock:dead:1', 'token-1')
  await redis.admin.hset('lock:dead:2', 'holder:17', '1')
  await redis.admin.set('lock:dead:3', 'token-3', 'PX', 3_600_000)
  await redis.admin.set(Buffer.from([0x6c, 0x6f, 0x63, 0x6b, 0x3a, 0xff]), Buffer.from([0x00, 0xfe]))
  await redis.admin.set('lock:short', 'token', 'PX', 5000)
  await redis.admin.set('lock:renewed', 'token', 'PX', 30_000)
  await redis.admin.set('lock:retaken', 'old')
  await redis.admin.set('lock:given-back', 'token')
  await redis.admin.set('lock:now-with-ttl', 'token')
  await redis.admin.set('lock:large', 'x'.repeat(100_000))
  await redis.admin.set('cart:1', 'x')
})

/** What holders that are alive do between the two looks. */
async function holdersGoOn(): Promise<void> {
  // A lease that is renewed a moment after the first look ends when it would have ended anyway.
  await sleep(400)
  await redis.admin.pexpire('lock:renewed', 30_000)
  await redis.admin.set('lock:retaken', 'new')
  await redis.admin.del('lock:given-back')
  await redis.admin.pexpire('lock:now-with-ttl', 30_000)
}

/** `between` runs after the first look and before the second. */
async function cleaned(more: Partial<CleanOptions>, between: () => Promise<void>) {
  let going: Promise<void> | undefined
  const done = await clean({
    target: parseTarget(url),
    glob: 'lock:*',
    ttlLimitMs: 10_000,
    lookAfterMs: 1000,
    rate: 100_000,
    removedFile: undefined,
    signal: new AbortController().signal,
    status: (text) => {
      if (text.includes('looking again')) going = between()
    },
    ...more,
  })
  await going
  return done
}

const keys = async () => (await redis.admin.keys('*')).toSorted()
const stays = ['cart:1', 'lock:large', 'lock:now-with-ttl', 'lock:renewed', 'lock:retaken', 'lock:short']

test('a dry run tells what would go, and cannot write', async () => {
  await redis.admin.config('RESETSTAT')
  const done = await cleaned({}, holdersGoOn)
  const stats = await redis.admin.info('commandstats')
  expect(stats).not.toMatch(/cmdstat_(eval|unlink)/)
  expect(done).toMatchObject({
    dryRun: true,
    matched: 10,
    stale: 8,
    withoutTtl: 6,
    removed: 4,
    kept: { renewed: 2, 'other-value': 1, gone: 1, 'too-large': 1 },
    file: null,
    notDone: null,
  })
  expect(await keys()).toEqual([...stays, 'lock:dead:1', 'lock:dead:2', 'lock:dead:3', 'lock:\ufffd'].toSorted())
})

test('what nobody holds goes, and can be brought back from the file; what is renewed, retaken or short stays', async () => {
  const file = join(folder, 'removed.ndjson')
  const done = await cleaned({ removedFile: file }, holdersGoOn)
  expect(done).toMatchObject({ dryRun: false, removed: 4, file, notDone: null })
  expect(await keys()).toEqual(stays)
  const lines = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map(
      (line) =>
        JSON.parse(line) as {
          what: string
          key: string
          keyBase64: string
          pttl: number
          value: unknown
          dump: string
        },
    )
  expect(lines.map(({ what, key, value }) => [what, key, value]).toSorted()).toEqual([
    ['removing', 'lock:\\xff', '\\x00\\xfe'],
    ['removing', 'lock:dead:1', 'token-1'],
    ['removing', 'lock:dead:2', ['holder:17', '1']],
    ['removing', 'lock:dead:3', 'token-3'],
  ])
  for (const { keyBase64, pttl, dump } of lines)
    await redis.admin.restore(Buffer.from(keyBase64, 'base64'), Math.max(0, pttl), Buffer.from(dump, 'base64'))
  expect(await redis.admin.hgetall('lock:dead:2')).toEqual({ 'holder:17': '1' })
  expect(await redis.admin.get('lock:dead:1')).toBe('token-1')
  expect(await redis.admin.pttl('lock:dead:3')).toBeGreaterThan(3_500_000)
})

test('a lock that is retaken or renewed after the second look stays as well: the last look and the removal are one step', async () => {
  const file = join(folder, 'race.ndjson')
  // A stand-in for the moment between: the script is given what a look before saw, and the key has changed since.
  const source = readFileSync(join(import.meta.dirname, '../src/clean/unlink-if-same.lua'), 'utf8')
  const { createHash } = await import('node:crypto')
  const shaOf = async (key: string) =>
    createHash('sha1')
      .update(await redis.admin.dumpBuffer(key))
      .digest('hex')
  const run = (key: string, sha: string, pttl: number, passed: number) =>
    redis.admin.eval(source, 1, key, sha, pttl, passed)
  const dead = await shaOf('lock:dead:1')
  await redis.admin.set('lock:dead:1', 'somebody else')
  expect(await run('lock:dead:1', dead, -1, 0)).toBe(-1)
  const renewed = await shaOf('lock:renewed')
  expect(await run('lock:renewed', renewed, 20_000, 5000)).toBe(-2)
  expect(await run('lock:now-with-ttl', await shaOf('lock:now-with-ttl'), 1000, 0)).toBe(-2)
  expect(await run('lock:none', dead, -1, 0)).toBe(0)
  expect(await run('lock:dead:3', await shaOf('lock:dead:3'), 3_600_000, 0)).toBe(1)
  expect(await keys()).not.toContain('lock:dead:3')
  expect(readdirSync(folder)).not.toContain(file)
})

test('an older file is never written over, and nothing goes without one', async () => {
  const file = join(folder, 'there.ndjson')
  writeFileSync(file, 'mine')
  const done = await cleaned({ removedFile: file }, async () => {})
  expect(done.notDone).toMatch(/it is there already; name another with --removed/)
  expect(readFileSync(file, 'utf8')).toBe('mine')
  expect(await redis.admin.dbsize()).toBe(11)
})

test('rights that are missing are a sentence, and what went is told', async () => {
  await redis.admin.call('ACL', 'SETUSER', 'reader', 'on', '>r', '~*', '+@read', '+ping')
  const done = await cleaned(
    { target: parseTarget(`redis://reader:r@127.0.0.1:${redis.port}`), removedFile: join(folder, 'none.ndjson') },
    async () => {},
  )
  expect(done).toMatchObject({
    removed: 0,
    notDone: expect.stringMatching(/does not allow this user .*\(NOPERM\)/) as unknown,
  })
  expect(await redis.admin.dbsize()).toBe(11)
})

test('the command: dry without --yes, and a file of its own with it', async () => {
  const args = ['audit', url, '--clean', 'lock:*', '--ttl-limit', '6s', '--look-after', '6s']
  const dry = await picklock(args, { cwd: folder }).said
  expect(dry).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/would be removed.*\n.*dry run; --yes removes them/) as unknown,
  })
  const yes = await picklock([...args, '--yes', '--format', 'json'], { cwd: folder }).said
  const [done] = JSON.parse(yes.stdout) as { removed: number; file: string }[]
  expect(yes.code).toBe(0)
  expect(done!.removed).toBe(8)
  expect(readFileSync(join(folder, done!.file), 'utf8').trim().split('\n')).toHaveLength(8)
  expect(await keys()).toEqual(['cart:1', 'lock:large'])
  const short = await picklock(['audit', url, '--clean', 'lock:*', '--look-after', '1s']).said
  expect([short.code, short.stderr]).toEqual([2, expect.stringMatching(/--look-after is at least --ttl-limit/)])
})
