import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Analysis } from '../src/monitor/analysis.ts'
import type { Report } from '../src/reporters/report.ts'
import { couponRush } from './support/coupon-rush.ts'
import { drilled } from './support/drilled.ts'
import { asUserOfHelp } from './support/live.ts'
import { monitorInto } from './support/monitor.ts'
import { startRedis } from './support/redis.ts'
import { until } from './support/until.ts'

/** `picklock analyze` as a process, on captures of real servers. */

const cli = resolve(import.meta.dirname, '../src/cli.ts')
const fixture = (name: string) => `${import.meta.dirname}/fixtures/monitor/${name}.log.gz`
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'picklock-analyze-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

function start(...args: string[]) {
  const child = spawn(process.execPath, [cli, 'analyze', ...args], { cwd: folder })
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (data: Buffer) => (output.stdout += data.toString()))
  child.stderr.on('data', (data: Buffer) => (output.stderr += data.toString()))
  const ended = new Promise<number | null>((done) => child.on('close', done))
  return { child, output, ended: ended.then((exitCode) => ({ exitCode, ...output })) }
}

const json = ({ stdout }: { stdout: string }) => JSON.parse(stdout) as Analysis

describe('a capture', () => {
  it('is read from a file, from stdin, and packed, with the same result', async () => {
    const { stdout: packed } = await start(fixture('set-nx'), '--format', 'json', '--html', 'set-nx.html').ended
    const { child, ended } = start('-', '--format', 'json')
    child.stdin.end(await readFile(fixture('set-nx')))
    const piped = json(await ended)
    expect({ ...piped, source: '' }).toEqual({ ...(JSON.parse(packed) as Analysis), source: '' })
    expect(piped.counts).toMatchObject({ acquisitions: 80 })
    const page = await readFile(join(folder, 'set-nx.html'), 'utf8')
    expect(page).toContain('"shows":"capture"')
    expect(page).toContain('0 shows the whole capture')
    expect(page).toMatch(/Each point is [^.]* of the capture\. /)
  })

  it('that is damaged gives what stands before, a sentence, and exit code 3', async () => {
    const whole = await readFile(fixture('redlock-4'))
    await writeFile(join(folder, 'half.gz'), whole.subarray(0, whole.length / 2))
    const { exitCode, stdout, stderr } = await start('half.gz').ended
    expect(exitCode).toBe(3)
    expect(stderr).toMatch(
      /^picklock: half\.gz is damaged after \d+ bytes of text \(unexpected end of file\); what stands before is counted\n$/,
    )
    expect(stdout).toContain('redlock, certain')
  })

  it('with nothing in it is no error, and says so', async () => {
    await writeFile(join(folder, 'none.log'), 'nothing of the kind\n')
    await writeFile(join(folder, 'none.log.gz'), gzipSync('nothing of the kind\n'))
    for (const file of ['none.log', 'none.log.gz']) {
      const { exitCode, stdout, stderr } = await start(file, '--html', `${file}.html`).ended
      expect([exitCode, stderr]).toEqual([0, ''])
      expect(stdout).toContain('none of the 1 line is one that MONITOR writes')
      expect(await readFile(join(folder, `${file}.html`), 'utf8')).toContain('No lock was held')
    }
  })

  it.each([
    [[], 'what is to be analysed is missing'],
    [['nope.log'], 'cannot read the capture nope.log: there is no such file'],
    [['.'], 'cannot read the capture .: it is a folder'],
    [['none.log', '--from', 'redis://127.0.0.1'], 'it is one or the other'],
    [['none.log', '--for', '3s'], '--for is for --from'],
    [['--from', 'http://127.0.0.1'], 'http:// is no URL of a Redis'],
  ])('%j is a mistake that is told in a sentence', async (args, sentence) => {
    const { exitCode, stdout, stderr } = await start(...args).ended
    expect([exitCode, stdout]).toEqual([2, ''])
    expect(stderr).toContain(sentence)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })
})

it('tells 957 coupons of two polling servers as it was: each grant, each attempt, each server’s share', async () => {
  await using redis = await startRedis()
  // The servers have addresses of their own, which protected mode takes for strangers'.
  await redis.admin.config('SET', 'protected-mode', 'no')
  const file = join(folder, 'rush.log')
  let rush
  {
    await using _ = await monitorInto(file, redis.port)
    rush = await couponRush(redis.port)
  }
  const { locks, servers } = json(await start(file, '--format', 'json').ended)
  const [{ key, pattern, counts, latencyMs }] = locks as [Analysis['locks'][number]]
  expect(locks).toHaveLength(1)
  expect({ key, pattern: pattern.name, ...counts }).toMatchObject({
    key: 'lock:coupon:issue:1',
    pattern: 'set-nx',
    acquisitions: 957,
    attempts: rush.attempts,
    released: 957,
    overlaps: 0,
  })
  expect(Object.fromEntries(servers.map(({ server, grants }) => [server, grants]))).toEqual(rush.grants)
  // About one in a hundred, as the shop counted.
  expect(rush.acquisitions / rush.attempts).toBeLessThan(0.03)
  // A server sees neither end of a hold: each lies between what it knows, one by one.
  locks[0]!.order.forEach(({ heldMs }, index) => {
    expect(heldMs!).toBeGreaterThan(rush.holds[index]!.ms)
    expect(heldMs!).toBeLessThan(rush.holds[index]!.atMostMs)
  })
  expect(latencyMs.hold_time).toMatchObject({ count: 957 })
})

it('gives the drill that made a capture back: drill, MONITOR, analyze, scenario, drill', async () => {
  const capture = join(folder, 'drill.log')
  const server = await monitored(capture)
  const scenario = `name: first
title: what is captured
topology: single
servers: 2
lock: { ttlMs: 1300, waitMs: 4000 }
workload: { kind: mutex, keys: 3, workMs: { min: 5, max: 15 } }
load: { executor: constant-arrival-rate, rate: 60, duration: 4s }
control: naive
`
  process.env['PICKLOCK_REDIS_SERVER'] = server
  const [first] = await drilled(folder, 'set-nx', scenario).finally(() => delete process.env['PICKLOCK_REDIS_SERVER'])
  const { exitCode, stdout, stderr } = await start(capture, '--format', 'json', '--to-scenario', 'replay.yaml').ended
  expect([exitCode, stderr]).toEqual([0, ''])
  const analysis = json({ stdout })
  // After the load each server of the drill takes each key once more.
  const audits = 2 * analysis.locks.length
  expect(analysis.counts.acquisitions).toBe(first!.counts['granted']! + audits)
  expect(analysis.locks.map(({ pattern: { name, sure } }) => [name, sure])).toEqual(
    Array(3).fill(['set-nx', 'certain']),
  )
  expect(analysis.counts).toMatchObject({ overlaps: 0, foreign_releases: 0, without_ttl: 0 })

  const replay = await readFile(join(folder, 'replay.yaml'), 'utf8')
  const [again] = await drilled(folder, 'set-nx', replay)
  expect(again!.scenario).toBe('replay')
  expect(again!.verdict).toBe('valid')
  expect(replay).toMatch(/^servers: 2$/m)
  expect(replay).toMatch(/^ {2}keys: 3$/m)
  expect(replay).toMatch(/^ {2}ttlMs: 1300$/m)
  if (process.env['PICKLOCK_DEBUG']) console.log(beside(first!, analysis, again!))
  const [granted, grantedAgain] = [first!.counts['granted']!, again!.counts['granted']!]
  expect(Math.abs(granted - grantedAgain)).toBeLessThan(granted * 0.15)
}, 120_000)

/** The figures of the three, for whoever wants to see them. */
function beside(first: Report, analysis: Analysis, again: Report): string {
  const hold = analysis.locks.map(({ latencyMs }) => latencyMs.hold_time as Record<string, number>)
  const wait = analysis.locks.map(({ latencyMs }) => latencyMs.acquire_wait as Record<string, number>)
  const mean = (all: Record<string, number>[]) =>
    (
      all.reduce((sum, each) => sum + each['mean']! * each['count']!, 0) /
      all.reduce((sum, each) => sum + each['count']!, 0)
    ).toFixed(2)
  const of = ({ counts, latencyMs, rates }: Report) => {
    const ms = (metric: string) => (latencyMs[metric] as Record<string, number>)['mean']?.toFixed(2)
    return `granted ${counts['granted']}, hold mean ${ms('hold_time')} ms, wait mean ${ms('acquire_wait')} ms, throughput ${rates['throughput']?.toFixed(1)}/s`
  }
  return `drill:    ${of(first)}\nanalyze:  granted ${analysis.counts.acquisitions}, hold mean ${mean(hold)} ms, wait mean ${mean(wait)} ms\nreplayed: ${of(again)}`
}

describe('a live Redis', () => {
  const hold = async (client: Redis, key: string) => {
    await client.set(key, 'a-token-of-its-own', 'PX', 5000, 'NX')
    await client.eval(
      "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0",
      1,
      key,
      'a-token-of-its-own',
    )
  }

  it('is listened to for the time that was asked for, with a warning, and by nothing but MONITOR', async () => {
    await using redis = await startRedis()
    await redis.admin.config('RESETSTAT')
    const { ended, output } = start('--from', `redis://127.0.0.1:${redis.port}`, '--for', '1500ms', '--format', 'json')
    await until(async () => /cmd=monitor/.test(String(await redis.admin.client('LIST'))))
    await hold(redis.admin, 'lock:1')
    const { exitCode, stderr } = await ended
    expect([exitCode, stderr.split('\n')[0]]).toEqual([
      0,
      `listening to redis://127.0.0.1:${redis.port} for 1.50 s by MONITOR, which can cost it half of its throughput; Ctrl-C ends it earlier`,
    ])
    expect(json(output).locks).toMatchObject([{ key: 'lock:1', counts: { attempts: 1, acquisitions: 1, released: 1 } }])
    const stats = await redis.admin.info('commandstats')
    const used = [...stats.matchAll(/cmdstat_([^:]+):/g)].map(([, name]) => name)
    // Ours, and those of this test.
    const known = ['client|list', 'config|resetstat', 'del', 'eval', 'get', 'monitor', 'ping', 'set']
    expect(used.filter((name) => !known.includes(name!))).toEqual([])
    expect(used).toContain('monitor')
  })

  it('needs the user that --help names, who may not write, and no other', async () => {
    await using redis = await startRedis()
    const refused = await asUserOfHelp('analyze', redis, async (as) => {
      const { ended, output } = start('--from', as, '--for', '1500ms', '--format', 'json')
      await until(async () => /cmd=monitor/.test(String(await redis.admin.client('LIST'))))
      await hold(redis.admin, 'lock:1')
      expect((await ended).exitCode).toBe(0)
      expect(json(output).counts).toMatchObject({ attempts: 1, acquisitions: 1 })
      expect(output.stdout + output.stderr).not.toContain('password')
    })
    expect(refused).toEqual([])
    // It is tolerated without PING, too.
    await redis.admin.call('ACL', 'SETUSER', 'picklock', '-ping')
    const { exitCode } = await start('--from', `redis://picklock:password@127.0.0.1:${redis.port}`, '--for', '200ms')
      .ended
    expect(exitCode).toBe(0)
  })

  it('may be left by Ctrl-C: what was heard is told', async () => {
    await using redis = await startRedis()
    const { child, ended } = start('--from', `redis://127.0.0.1:${redis.port}`, '--for', '10m')
    await until(async () => /cmd=monitor/.test(String(await redis.admin.client('LIST'))))
    await hold(redis.admin, 'lock:1')
    await redis.admin.ping()
    child.kill('SIGINT')
    const { exitCode, stdout } = await ended
    expect(exitCode).toBe(130)
    expect(stdout).toContain('set-nx, certain')
  })

  it('that goes away half-way leaves what was heard, a sentence, and exit code 3', async () => {
    await using redis = await startRedis()
    const { ended } = start('--from', `redis://127.0.0.1:${redis.port}`, '--for', '10m')
    await until(async () => /cmd=monitor/.test(String(await redis.admin.client('LIST'))))
    await hold(redis.admin, 'lock:1')
    // Redis answers us and tells its monitors in one turn, in either order; when it answers again, all were told.
    await redis.admin.ping()
    redis.signal('SIGKILL')
    const { exitCode, stdout, stderr } = await ended
    expect(exitCode).toBe(3)
    expect(stdout).toContain('set-nx, certain')
    expect(stderr).toMatch(
      /picklock: redis:\/\/127\.0\.0\.1:\d+ closed the connection; what was heard before is counted\n$/,
    )
  })

  it('that cannot be reached, wants another password or gives no right to MONITOR is told in one sentence', async () => {
    await using redis = await startRedis()
    await redis.admin.acl('SETUSER', 'reader', 'on', '>secret', '~*', '+ping', '+get')
    const said = async (url: string) => {
      const { exitCode, stdout, stderr } = await start('--from', url, '--for', '1s').ended
      expect([exitCode, stdout]).toEqual([3, ''])
      const lines = stderr.trim().split('\n')
      expect(lines).toHaveLength(2)
      expect(stderr).not.toContain('secret')
      return lines[1]
    }
    expect(await said('redis://127.0.0.1:1')).toContain('refused the connection')
    expect(await said(`redis://reader:wrong@127.0.0.1:${redis.port}`)).toContain('password')
    expect(await said(`redis://reader:secret@127.0.0.1:${redis.port}`)).toMatch(
      /^picklock: redis:\S+ does not allow this user MONITOR \(NOPERM\)$/,
    )
    expect(await said(`rediss://127.0.0.1:${redis.port}`)).toMatch(/TLS/)
  })
})

/** A redis-server that writes what MONITOR says of it into the file, from its first command on. */
async function monitored(file: string): Promise<string> {
  const listener = join(folder, 'listener.mjs')
  await writeFile(
    listener,
    `import { appendFileSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
const setting = (name) => new RegExp('^' + name + ' (.*)$', 'm').exec(readFileSync(process.argv[2], 'utf8'))?.[1]
const begin = () => {
  const socket = connect({ host: '127.0.0.1', port: Number(setting('port')) })
  socket.on('connect', () => socket.write('AUTH ' + setting('requirepass') + '\\r\\nMONITOR\\r\\n'))
  socket.on('error', () => setTimeout(begin, 5))
  socket.on('data', (data) => appendFileSync(${JSON.stringify(file)}, data))
}
begin()
`,
  )
  const wrapper = join(folder, 'redis-server')
  await writeFile(
    wrapper,
    `#!/bin/sh
case "$1" in *.conf) ${process.execPath} ${listener} "$1" & ;; esac
exec redis-server "$@"
`,
    { mode: 0o755 },
  )
  return wrapper
}
