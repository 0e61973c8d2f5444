import { expect, test } from 'vitest'
import type { NodeEvent } from '../src/history/event.ts'
import { recordNodeCurves } from '../src/history/node-curves.ts'
import { sentBy } from '../src/lib/sent.ts'
import { stand } from './support/cluster.ts'
import { until } from './support/until.ts'

test('nodes tell what they use and do; one that is paused says nothing, and nobody waits for it', async () => {
  await using up = await stand({ kind: 'redlock', nodes: 3 })
  const seen: Omit<NodeEvent, 't'>[] = []
  const { admin, redis } = up.cluster
  const curves = recordNodeCurves({
    nodes: redis.map(({ name }) => name),
    admin,
    sent: (node) => Object.values(sentBy(admin(node))).reduce((a, b) => a + b, 0),
    record: (event) => void seen.push(event as Omit<NodeEvent, 't'>),
  })
  const of = (name: string) => seen.filter(({ process }) => process === name)
  await until(() => redis.every(({ name }) => of(name).length >= 2))
  await admin('redis-1').set('filler', 'x'.repeat(4_000_000))
  await admin('redis-1').call('CONFIG', 'SET', 'maxmemory', '64mb')
  await expect(admin('redis-1').call('INCR', 'filler')).rejects.toThrow(/not an integer/)
  await until(() => of('redis-1').at(-1)!.errorReplies > of('redis-1')[0]!.errorReplies)
  const [first, last] = [of('redis-1')[0]!, of('redis-1').at(-1)!]
  expect(last.usedBytes - first.usedBytes).toBeGreaterThan(3_900_000)
  expect([first.maxBytes, last.maxBytes]).toEqual([0, 64 * 1024 * 1024])
  expect(first.clients).toBeGreaterThanOrEqual(1)
  expect(last.commands).toBeGreaterThan(first.commands)
  // Nobody else was there.
  expect(last.commands - first.commands).toBeLessThanOrEqual(last.harnessCommands - first.harnessCommands)

  await redis[1]!.pause()
  const [paused, others] = [of('redis-2').length, of('redis-3').length]
  // What was on its way may still come.
  await until(() => of('redis-3').length >= others + 3)
  expect(of('redis-2').length).toBeLessThanOrEqual(paused + 1)
  curves[Symbol.dispose]()
  const before = of('redis-3').length
  await redis[1]!.resume()
  await until(async () => (await admin('redis-2').ping()) === 'PONG')
  expect(of('redis-3').length).toBeLessThanOrEqual(before + 1)
})
