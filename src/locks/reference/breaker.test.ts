import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { breaker, CircuitOpenError, type BreakerState } from './breaker.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }))
afterEach(() => void vi.useRealTimers())

const refused = new Error('ECONNREFUSED')
const works = () => Promise.resolve('yes')
const contended = () => Promise.resolve(null)
const fails = () => Promise.reject(refused)

async function tryAll(circuit: ReturnType<typeof breaker>, calls: (() => Promise<unknown>)[]) {
  return Promise.all(calls.map((call) => circuit.run(call).catch((error: unknown) => error)))
}
const times = <Call>(count: number, call: Call) => Array.from({ length: count }, () => call)

test('60 % of at least ten calls open it', async () => {
  const circuit = breaker()
  await tryAll(circuit, [...times(4, works), ...times(5, fails)])
  expect(circuit.state()).toBe('closed')
  await tryAll(circuit, [fails])
  expect(circuit.state()).toBe('open')
})

test('less than 60 % does not, and contention is no failure', async () => {
  const circuit = breaker()
  await tryAll(circuit, [...times(500, contended), ...times(9, works), ...times(11, fails)])
  expect(circuit.state()).toBe('closed')
})

test('while it is open a call is not made, and that is definite', async () => {
  const circuit = breaker()
  await tryAll(circuit, times(10, fails))
  const call = vi.fn(works)
  await expect(circuit.run(call)).rejects.toBeInstanceOf(CircuitOpenError)
  await expect(circuit.run(call)).rejects.toMatchObject({ definite: true })
  expect(call).not.toHaveBeenCalled()
})

test('after 30 s three probes decide, and nobody waits for them', async () => {
  const states: BreakerState[] = []
  const circuit = breaker({}, (state) => states.push(state))
  await tryAll(circuit, times(10, fails))
  vi.advanceTimersByTime(29_999)
  await expect(circuit.run(works)).rejects.toBeInstanceOf(CircuitOpenError)
  vi.advanceTimersByTime(1)

  const { promise, resolve } = Promise.withResolvers<string>()
  const probes = times(3, () => promise).map((call) => circuit.run(call))
  expect(circuit.state()).toBe('halfOpen')
  await expect(circuit.run(works)).rejects.toBeInstanceOf(CircuitOpenError)
  resolve('yes')
  expect(await Promise.all(probes)).toEqual(['yes', 'yes', 'yes'])
  expect(circuit.state()).toBe('closed')
  expect(states).toEqual(['open', 'halfOpen', 'closed'])
})

test('one bad probe of three is forgiven, two open it again', async () => {
  const circuit = breaker({ openMs: 100 })
  await tryAll(circuit, times(10, fails))
  vi.advanceTimersByTime(100)
  await tryAll(circuit, [fails, fails])
  expect(circuit.state()).toBe('open')
  vi.advanceTimersByTime(100)
  await tryAll(circuit, [fails, works, works])
  expect(circuit.state()).toBe('closed')
})

test('the failure of the call itself comes through as it is', async () => {
  const circuit = breaker({ callsMin: 1 })
  await expect(circuit.run(fails)).rejects.toBe(refused)
  await expect(circuit.run(fails)).rejects.toBeInstanceOf(CircuitOpenError)
})
