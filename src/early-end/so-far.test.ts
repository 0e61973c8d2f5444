import { expect, test } from 'vitest'
import type { Event } from '../history/event.ts'
import { allThresholds } from '../plan/thresholds.ts'
import { plan } from '../../test/support/reports.ts'
import { crossedSoFar, SoFar } from './so-far.ts'

const ms = 1e6
const servers = ['server-1', 'server-2']

const load: Event = { t: 0, process: 'controller', type: 'info', f: 'phase', phase: 'load' }
const grant = (atMs: number, server: string, op: number): Event => ({
  t: atMs * ms,
  process: `${server}/vu-1`,
  type: 'ok',
  f: 'acquire',
  op,
  key: 'stock:1',
})
const release = (atMs: number, server: string, op: number): Event => ({
  t: atMs * ms,
  process: `${server}/vu-1`,
  type: 'invoke',
  f: 'release',
  op: op + 1,
  grant: op,
  key: 'stock:1',
})
const down = (atMs: number, node: string): Event => ({
  t: atMs * ms,
  process: 'controller',
  type: 'info',
  f: 'topology',
  event: 'down',
  node,
})

const times = (events: Event[] | undefined) => events?.map(({ t }) => t / ms)

test('only what every server has spoken after is whole', () => {
  const soFar = new SoFar(servers)
  expect(times(soFar.add([load, grant(10, 'server-1', 1)], 5000 * ms))).toBe(undefined)
  expect(times(soFar.add([grant(30, 'server-2', 100)], 5000 * ms))).toEqual([0, 10])
  // The release of before stood in a file that was read first.
  expect(times(soFar.add([release(20, 'server-1', 1), grant(40, 'server-1', 5)], 5000 * ms))).toEqual([0, 10, 20, 30])
})

test('what happened a moment ago may not be all', () => {
  const soFar = new SoFar(['server-1'])
  expect(times(soFar.add([grant(100, 'server-1', 1), release(900, 'server-1', 1)], 1000 * ms))).toEqual([100])
})

test('where the nodes are read late, what happened a while ago may not be all', () => {
  const soFar = new SoFar(['server-1'])
  const late: Event = {
    t: 800 * ms,
    process: 'redis-1',
    type: 'info',
    f: 'key',
    event: 'late',
    key: '',
    lagNs: 300 * ms,
  }
  const events = [grant(100, 'server-1', 1), release(700, 'server-1', 1), late, grant(900, 'server-1', 5)]
  expect(times(soFar.add(events, 1000 * ms))).toEqual([100])
})

test('a server that died holds up nothing, until it speaks again', () => {
  const soFar = new SoFar(servers)
  const first = [grant(10, 'server-1', 1), grant(20, 'server-2', 100), down(30, 'server-1')]
  soFar.add(first, 5000 * ms)
  expect(times(soFar.add([grant(500, 'server-2', 110)], 5000 * ms))).toEqual([10, 20, 30, 500])
  soFar.add([grant(600, 'server-1', 201), grant(700, 'server-2', 120)], 5000 * ms)
  expect(times(soFar.add([grant(800, 'server-2', 130)], 5000 * ms))).toBe(undefined)
})

const overlap = [load, grant(10, 'server-1', 1), grant(20, 'server-2', 100), release(30, 'server-1', 1)]
const abort = { threshold: 'count==0', abortOnFail: true, delayAbortEval: 0 }
const aborting = (thresholds: Parameters<typeof allThresholds>[0]) =>
  allThresholds(thresholds).filter(({ abortOnFail }) => abortOnFail)

test('the threshold that is crossed already', () => {
  const thresholds = aborting({ overlaps: [abort], fence_violations: [abort] })
  expect(crossedSoFar(thresholds, plan('naive', 'single'), overlap)?.metric).toBe('overlaps')
  expect(crossedSoFar(thresholds, plan('naive', 'single'), overlap.toSpliced(2, 1))).toBe(undefined)
})

test('a budget is not crossed by what it allows, nor by what another is to blame for', () => {
  const own = plan('naive', 'single')
  expect(crossedSoFar(aborting({ overlaps: [{ ...abort, threshold: 'count<=1' }] }), own, overlap)).toBe(undefined)
  expect(crossedSoFar(aborting({ 'overlaps{blame:holder}': [abort] }), own, overlap)).toBe(undefined)
})

test('delayAbortEval waits that long after the load began', () => {
  const late = aborting({ overlaps: [{ ...abort, delayAbortEval: 1000 }] })
  expect(crossedSoFar(late, plan('naive', 'single'), overlap)).toBe(undefined)
  expect(crossedSoFar(late, plan('naive', 'single'), [...overlap, grant(1200, 'server-1', 9)])?.metric).toBe('overlaps')
})

test('a checker that cannot work with half a history ends nothing', () => {
  const throws = {
    name: 'throws',
    title: 'throws',
    metrics: ['overlaps'],
    check: () => {
      throw new Error('half a history')
    },
  }
  expect(crossedSoFar(aborting({ overlaps: [abort] }), plan('naive', 'single'), overlap, [throws])).toBe(undefined)
})
