import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { BreakerOpenError, openBreaker, type Breaker } from './breaker.ts'
import type { BreakerState } from './events.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }))
afterEach(() => void vi.useRealTimers())

const refused = new Error('ECONNREFUSED')
const works = () => Promise.resolve('yes')
const contended = () => Promise.resolve(null)
const fails = () => Promise.reject(refused)

async function tryAll(circuit: Breaker, calls: (() => Promise<unknown>)[]) {
  return Promise.all(calls.map((call) => circuit.execute(call).catch((error: unknown) => error)))
}
const times = <Call>(count: number, call: Call) => Array.from({ length: count }, () => call)

test('60 % of at least ten calls open it', async () => {
  const circuit = openBreaker()
  await tryAll(circuit, [...times(4, works), ...times(5, fails)])
  expect(circuit.state).toBe('closed')
  await tryAll(circuit, [fails])
  expect(circuit.state).toBe('open')
})

test('less than 60 % does not, and contention is no failure', async () => {
  const circuit = openBreaker()
  await tryAll(circuit, [...times(500, contended), ...times(9, works), ...times(11, fails)])
  expect(circuit.state).toBe('closed')
})

test('while it is open a call is not made, and that is definite', async () => {
  const circuit = openBreaker()
  await tryAll(circuit, times(10, fails))
  const call = vi.fn(works)
  await expect(circuit.execute(call)).rejects.toBeInstanceOf(BreakerOpenError)
  await expect(circuit.execute(call)).rejects.toMatchObject({ definite: true })
  expect(call).not.toHaveBeenCalled()
})

test('after 30 s three probes decide, and nobody waits for them', async () => {
  const states: BreakerState[] = []
  const circuit = openBreaker()
  circuit.onState((state) => states.push(state))
  await tryAll(circuit, times(10, fails))
  vi.advanceTimersByTime(29_999)
  await expect(circuit.execute(works)).rejects.toBeInstanceOf(BreakerOpenError)
  vi.advanceTimersByTime(1)

  const { promise, resolve } = Promise.withResolvers<string>()
  const probes = times(3, () => promise).map((call) => circuit.execute(call))
  expect(circuit.state).toBe('half-open')
  await expect(circuit.execute(works)).rejects.toBeInstanceOf(BreakerOpenError)
  resolve('yes')
  expect(await Promise.all(probes)).toEqual(['yes', 'yes', 'yes'])
  expect(circuit.state).toBe('closed')
  expect(states).toEqual(['open', 'half-open', 'closed'])
})

test('one bad probe of three is forgiven, two open it again', async () => {
  const circuit = openBreaker({ openForMs: 100 })
  await tryAll(circuit, times(10, fails))
  vi.advanceTimersByTime(100)
  await tryAll(circuit, [fails, fails])
  expect(circuit.state).toBe('open')
  vi.advanceTimersByTime(100)
  await tryAll(circuit, [fails, works, works])
  expect(circuit.state).toBe('closed')
})

test('the failure of the call itself comes through as it is', async () => {
  const circuit = openBreaker({ minimumTries: 1 })
  await expect(circuit.execute(fails)).rejects.toBe(refused)
  await expect(circuit.execute(fails)).rejects.toBeInstanceOf(BreakerOpenError)
})
