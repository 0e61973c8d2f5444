import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import type { FaultEvent } from '../history/event.ts'
import { direct } from './director.ts'
import { eachNode } from './each-node.ts'
import type { Injection, ServerHandle } from './fault.ts'
import { faults } from './index.ts'
import type { NodeHandle } from '../runtimes/runtime.ts'

/** A server on which a fault, or its heal, waits for what never comes. */

// The time limits only: sleeps are of node:timers/promises and stay real.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

const never = () => new Promise<never>(() => {})

const direction = (over: AbortSignal, server: Partial<ServerHandle> = {}) => ({
  now: () => 0,
  loadStartNs: 0,
  reached: never,
  resolve: () =>
    Promise.resolve({
      label: 'server-1',
      nodes: [],
      links: [],
      servers: [{ name: 'server-1', pids: [17], ...server } as unknown as ServerHandle],
    }),
  stage: { cluster: undefined!, links: undefined!, random: () => 0, log() {}, signal: over },
  announce() {},
})

function directing(server: Partial<ServerHandle>, over: AbortSignal) {
  const told: Omit<FaultEvent, 't' | 'process' | 'f'>[] = []
  const directed = direct({
    ...direction(over, server),
    planned: [{ fault: 'stop-process', target: 'server-1', atMs: 0, forMs: 1, parameters: {} }],
    record: (event) => void told.push(event),
  })
  return { told, directed }
}

test('who is still injecting when the drill is over is waited for, and not for ever; what lands later is healed', async () => {
  const over = new AbortController()
  const paused = Promise.withResolvers<{ halted: true; holding: string[] }>()
  let resumed = 0
  const { told, directed } = directing(
    { pause: () => paused.promise, resume: async () => void resumed++, state: () => 'paused' },
    over.signal,
  )
  await vi.waitFor(() => expect(told).toHaveLength(1))
  await vi.advanceTimersByTimeAsync(3_600_000)
  expect(told).toHaveLength(1)
  over.abort()
  await vi.advanceTimersByTimeAsync(20_000)
  await directed
  expect(told[1]).toMatchObject({ stage: 'missed', error: 'it had not ended 20 s after the drill was over' })
  paused.resolve({ halted: true, holding: [] })
  await vi.waitFor(() => expect(resumed).toBe(1))
})

test('when a fault was felt goes into the record', async () => {
  const feltNs = 7
  const stop = vi.spyOn(faults['stop-process'], 'inject').mockResolvedValue({
    landed: true,
    proof: 'seen',
    feltNs,
    heal: () => Promise.resolve(),
  })
  onTestFinished(() => stop.mockRestore())
  const { told, directed } = directing({}, new AbortController().signal)
  await directed
  expect(told.map(({ stage }) => stage)).toEqual(['inject', 'landed', 'healed'])
  expect(told[1]).toMatchObject({ feltNs })
})

test('what the plan has one after the other comes one after the other, however late the first lands', async () => {
  const first = Promise.withResolvers<Injection>()
  const told: string[] = []
  const stop = vi
    .spyOn(faults['stop-process'], 'inject')
    .mockImplementation(() => (told.length === 1 ? first.promise : Promise.resolve(landing)))
  onTestFinished(() => stop.mockRestore())
  const landing = { landed: true, proof: 'seen', heal: () => Promise.resolve() }
  const at = (atMs: number, forMs: number) => ({
    fault: 'stop-process',
    target: 'server-1',
    atMs,
    forMs,
    parameters: {},
  })
  const directed = direct({
    ...direction(new AbortController().signal),
    planned: [at(0, 5), at(5, 5), at(1, 5)],
    record: ({ op, stage }) => void told.push(`${op} ${stage}`),
  })
  await vi.waitFor(() => expect(told).toContain('3 healed'))
  expect(told.filter((line) => line.startsWith('2'))).toEqual([])
  first.resolve(landing)
  await directed
  expect(told.filter((line) => !line.startsWith('3'))).toEqual([
    '1 inject',
    '1 landed',
    '1 healed',
    '2 inject',
    '2 landed',
    '2 healed',
  ])
})

test('of several nodes the first that felt it counts', async () => {
  const node = (name: string) => ({ name, state: () => Promise.resolve('up') }) as unknown as NodeHandle
  const target = { label: 'both', nodes: [node('redis-1'), node('redis-2')], links: [], servers: [] }
  const feltNs: Record<string, number> = { 'redis-1': 9, 'redis-2': 4 }
  const injection = await eachNode(target, ({ name }) =>
    Promise.resolve({ landed: true, proof: name, feltNs: feltNs[name]!, heal: () => Promise.resolve() }),
  )
  expect(injection).toMatchObject({ landed: true, proof: 'redis-1; redis-2', feltNs: 4 })
})

test('a heal that never ends is told as one that failed', async () => {
  const { told, directed } = directing(
    { pause: () => Promise.resolve({ halted: true, holding: [] }), resume: never, state: () => 'paused' },
    new AbortController().signal,
  )
  await vi.waitFor(() => expect(told).toHaveLength(2))
  expect(told[1]).toMatchObject({ stage: 'landed' })
  // The fault is on for its millisecond.
  await vi.waitFor(async () => {
    await vi.advanceTimersByTimeAsync(60_000)
    expect(told).toHaveLength(3)
  })
  await directed
  expect(told[2]).toMatchObject({ type: 'fail', stage: 'healed', error: 'the heal took longer than 60000 ms' })
})
