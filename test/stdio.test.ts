import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EnvironmentError, UsageError } from '../src/lib/failure.ts'
import type { TopologyKind } from '../src/locks/lock.ts'
import { openStdio } from '../src/locks/stdio.ts'
import type { LostError, TimedGrant } from '../src/locks/timed.ts'

const odd = fileURLToPath(new URL('programs/odd.mjs', import.meta.url))
let folder: string
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'stdio-test-'))))
afterAll(() => rmSync(folder, { recursive: true }))

async function open(way: string, topology: TopologyKind = 'single') {
  const told = { violations: [] as string[], exits: [] as string[], log: [] as string[] }
  const logFile = join(folder, `${way}.log`)
  const stdio = await openStdio({
    command: [process.execPath, odd, way],
    cwd: folder,
    logFile,
    topology,
    server: 'server-1',
    endpoints: { password: '', redis: [{ host: '127.0.0.1', port: 1 }] },
    options: {},
    ttlMs: 1000,
    waitMs: 0,
    onViolation: ({ reason, line }) => told.violations.push(`${reason} | ${line}`),
    onExit: ({ how }) => told.exits.push(how),
    onLog: (text) => told.log.push(text),
  })
  const signal = new AbortController()
  return {
    ...stdio,
    ...told,
    logFile,
    cancel: () => signal.abort(),
    acquire: (key = 'k', waitMs = 0) =>
      stdio.lock.acquire(key, { ttlMs: 1000, waitMs, signal: signal.signal }) as Promise<TimedGrant | null>,
    gone: () => groupIsGone(stdio.pids()[0]!),
  }
}

function groupIsGone(pid: number): boolean {
  try {
    process.kill(-pid, 0)
    return false
  } catch {
    return true
  }
}

describe('a program that keeps the protocol', () => {
  test('its whole life', async () => {
    const program = await open('good')
    expect(program.description).toEqual({
      name: 'in-memory',
      topologies: ['single', 'sentinel', 'redlock'],
      capabilities: { extend: true },
      bookkeeping: [],
    })
    const before = process.hrtime.bigint()
    const grant = (await program.acquire())!
    expect(grant).toMatchObject({ token: 'g1', fence: '1', validForMs: 900 })
    expect(grant.at).toBeGreaterThan(before)
    expect(grant.at).toBeLessThan(process.hrtime.bigint())
    expect(grant.lagNs).toBeUndefined()
    expect(await program.acquire()).toBeNull()
    expect(await program.lock.extend!(grant, 1000)).toEqual({ at: expect.any(BigInt) })
    expect(await program.lock.release(grant)).toBe(true)
    expect(await program.lock.release(grant)).toBe(false)
    expect(program.lagNs()).toBeLessThan(250_000_001)
    await program.lock.close()
    expect(program).toMatchObject({ violations: [], exits: [], log: [] })
    expect(program.gone()).toBe(true)
  })

  test('many calls at once, and answers in any order', async () => {
    const program = await open('good')
    const held = (await program.acquire('busy'))!
    const waiting = program.acquire('busy', 5000)
    const others = await Promise.all(Array.from({ length: 200 }, (_, index) => program.acquire(`key-${index}`)))
    expect(new Set(others.map((grant) => grant!.token)).size).toBe(200)
    await program.lock.release(held)
    expect((await waiting)!.token).toBeDefined()
    await program.lock.close()
  })

  test('cancel ends a wait', async () => {
    const program = await open('good')
    await program.acquire()
    const waiting = program.acquire('k', 60_000)
    program.cancel()
    expect(await waiting).toBeNull()
    await program.lock.close()
  })

  test('without at, its times are as late as its pings say; without pongs, 250 ms', async () => {
    await using stack = new AsyncDisposableStack()
    const program = await open('without-at')
    stack.defer(() => program.lock.close())
    const grant = (await program.acquire())!
    expect(grant.at).toBeUndefined()
    expect(grant.lagNs).toBe(program.lagNs())
    expect(await program.lock.extend!(grant, 1)).toEqual({ validForMs: 500, lagNs: program.lagNs() })

    const mute = await open('no-pong')
    stack.defer(() => mute.lock.close())
    expect((await mute.acquire())!.lagNs).toBe(250_000_000)
  })

  test('lost, told in the same breath as the grant, and as the answer to extend', async () => {
    const hasty = await open('loses-at-once')
    const grant = (await hasty.acquire())!
    const reason = grant.lost!.reason as LostError
    expect(reason.message).toBe('session gone')
    expect(reason.at).toBe(grant.at)
    await hasty.lock.close()

    const program = await open('lost-on-extend')
    const second = (await program.acquire())!
    expect(second.lost!.aborted).toBe(false)
    expect(await program.lock.extend!(second, 1000)).toBe(false)
    expect((second.lost!.reason as LostError).at).toBeTypeOf('bigint')
    await program.lock.close()
  })

  test('unavailable is definite, indeterminate is not', async () => {
    const program = await open('unavailable')
    await expect(program.acquire()).rejects.toMatchObject({ message: 'Refused: OOM', definite: true })
    const failure = await program.lock.release({ wire: 'g' } as object).catch((error: unknown) => error)
    expect(failure).toMatchObject({ message: 'Timeout: no reply' })
    expect(failure).not.toHaveProperty('definite')
    await program.lock.close()
  })

  test('stderr is drained and kept within bounds', async () => {
    const program = await open('floods-stderr')
    expect(await program.acquire()).not.toBeNull()
    await program.lock.close()
    expect(statSync(program.logFile).size).toBeGreaterThan(1_000_000)
    expect(statSync(program.logFile).size).toBeLessThan(5_000_000)
  })

  test('a hello that takes its time', async () => {
    const program = await open('slow-hello')
    expect(program.description.name).toBe('slow')
    expect(program.log).toContain('building…')
    expect(program.lock.extend).toBeUndefined()
    await program.lock.close()
  })
})

describe('violations end the conversation and name the line', () => {
  test.each([
    ['junk', /^no JSON \| Connected to Redis!$/],
    ['blank', /^no JSON \| $/],
    ['foreign-id', /^an answer to unknown id \d+ \| \{"id":\d+,"result":"granted"/],
    ['wrong-kind', /^an answer to acquire is of the wrong kind \| .*"released"/],
    ['no-grant', /^an answer to acquire is malformed \(grant\): grant must be/],
    ['big-fence', /fence must be an integer; one above 2\^53 must be a decimal string/],
    ['no-utf8', /^no UTF-8/],
    ['long-line', /^a line longer than 1 MiB \| \{"x":"xxx.*… \(\d+ bytes\)$/],
    ['cuts-a-line', /^a line cut short at the end \| \{"id":\d+,"result":"gra$/],
    ['at-in-the-future', /^`at` is [\d.]+ ms after the answer was read/],
    ['at-in-the-past', /^`at` is [\d.]+ ms before the request was written/],
  ])('%s', async (way, line) => {
    const program = await open(way)
    const failure = await program.acquire().catch((error: unknown) => error)
    expect(failure).toMatchObject({ name: 'CallError' })
    expect(failure).not.toHaveProperty('definite')
    expect(failure).not.toHaveProperty('unsettled')
    expect(program.violations).toEqual([expect.stringMatching(line)])
    // Nothing is sent any more, so nothing can have happened.
    await expect(program.acquire()).rejects.toMatchObject({ definite: true })
    await program.lock.close()
    expect(program.violations).toHaveLength(1)
    expect(program.gone()).toBe(true)
  })

  test('twice: the first answer stands', async () => {
    const program = await open('twice')
    const grant = (await program.acquire())!
    expect(grant).not.toBeNull()
    await expect(program.lock.release(grant)).rejects.toMatchObject({ name: 'CallError' })
    expect(program.violations).toEqual([expect.stringMatching(/^a second answer to id \d+ \|/)])
    await program.lock.close()
  })
})

describe('a program that goes its own way', () => {
  test('exits unasked: open calls are indeterminate', async () => {
    const program = await open('dies-with-7')
    const both = await Promise.allSettled([program.acquire('a'), program.acquire('b')])
    for (const call of both) {
      expect(call).toMatchObject({ status: 'rejected', reason: { message: 'the program ended (exit code 7)' } })
      expect(call).not.toHaveProperty('reason.definite')
    }
    expect(program.exits).toEqual(['exit code 7'])
    await program.lock.close()
    expect(program.gone()).toBe(true)
  })

  test('says closed and stays: it is ended with all of its group', { timeout: 20_000 }, async () => {
    const program = await open('will-not-exit')
    await program.lock.close()
    expect(program.log.at(-1)).toBe('the program said closed and stayed; it was ended')
    expect(program.exits).toEqual([])
    expect(program.gone()).toBe(true)
  })

  test('never answers close: unsettled, and ended', { timeout: 20_000 }, async () => {
    const program = await open('never-answers')
    const open_ = program.acquire().catch((error: unknown) => error)
    await expect(program.lock.close()).rejects.toMatchObject({
      unsettled: true,
      message: 'no answer to close within 5 s',
    })
    expect(await open_).toMatchObject({ name: 'CallError' })
    expect(program.gone()).toBe(true)
  })

  test.each([
    ['fails', EnvironmentError, /could not open its lock: ImportError: redis-py is missing$/],
    ['old-protocol', EnvironmentError, /malformed \(protocol\): protocol must be 1/],
  ])('%s: cannot open', async (way, type, message) => {
    const failure = await open(way).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(type)
    expect((failure as Error).message).toMatch(message)
  })

  test('does not serve the topology', async () => {
    const failure = await open('single-only', 'sentinel').catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(UsageError)
    expect((failure as Error).message).toBe('the lock one is made for single, not for sentinel')
  })

  test('is not there', async () => {
    const options = { cwd: folder, logFile: join(folder, 'x.log'), topology: 'single', server: 'server-1' } as const
    const nothing = { onViolation() {}, onExit() {}, onLog() {}, options: {}, ttlMs: 1, waitMs: 0 }
    const endpoints = { password: '', redis: [] }
    await expect(openStdio({ command: ['no-such-program'], endpoints, ...options, ...nothing })).rejects.toThrow(
      /^the lock program no-such-program could not be started/,
    )
  })
})
