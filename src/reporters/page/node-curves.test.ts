import { expect, test } from 'vitest'
import type { Event, NodeEvent } from '../../history/event.ts'
import { nodeCurves } from './node-curves.ts'

const said = (process: string, ms: number, more: Partial<NodeEvent>): NodeEvent => ({
  t: ms * 1e6,
  process,
  type: 'info',
  f: 'node',
  usedBytes: 2 * 1024 * 1024,
  maxBytes: 0,
  clients: 5,
  commands: 0,
  harnessCommands: 0,
  errorReplies: 0,
  ...more,
})
const down = (node: string, ms: number): Event => ({
  t: ms * 1e6,
  process: node,
  type: 'info',
  f: 'topology',
  event: 'down',
  node,
})
const lineOf = (events: Event[], label: string, node = 0) =>
  nodeCurves(events).find((curve) => curve.label === label)!.lines[node]!

test('commands per second are those of others, counted between two looks', () => {
  const events = [0, 250, 500].map((ms, i) => said('redis-1', ms, { commands: 1000 + i * 60, harnessCommands: i * 10 }))
  expect(lineOf(events, 'commands')).toEqual({ label: 'redis-1', atMs: [0, 250, 500], values: [null, 200, 200] })
  expect(lineOf(events, 'memory').values).toEqual([2, 2, 2])
})

test('a node that was silent, or died between two looks, leaves a gap, and counts from its new beginning', () => {
  const paused = [0, 250, 500, 2000, 2250].map((ms, i) => said('redis-1', ms, { commands: i * 50 }))
  expect(lineOf(paused, 'clients')).toMatchObject({
    atMs: [0, 250, 500, 1250, 2000, 2250],
    values: [5, 5, 5, null, 5, 5],
  })
  expect(lineOf(paused, 'commands').values).toEqual([null, 200, 200, null, null, 200])
  // It came back within the distance of two looks, and has counted further than before already.
  const died = [0, 250, 500].map((ms, i) => said('redis-1', ms, { commands: i * 50 }))
  expect(lineOf([...died, down('redis-1', 300)], 'commands').values).toEqual([null, 200, null, null])
})

test('every node has a line, in the order of their numbers, and a long drill is thinned', () => {
  const events = ['redis-10', 'redis-2'].flatMap((node) =>
    Array.from({ length: 2000 }, (_, i) => said(node, i * 250, { commands: i * 5, clients: i === 1001 ? 90 : 5 })),
  )
  const { lines } = nodeCurves(events).find(({ label }) => label === 'clients')!
  expect(lines.map(({ label }) => label)).toEqual(['redis-2', 'redis-10'])
  expect(lines[0]!.values.length).toBe(400)
  expect(lines[0]!.values).toContain(90)
  expect(new Set(lineOf(events, 'commands').values.slice(1))).toEqual(new Set([20]))
})

test('a history without such events has no curves', () => {
  expect(nodeCurves([down('redis-1', 3)])).toEqual([])
})
