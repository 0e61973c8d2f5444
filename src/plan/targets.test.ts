import { describe, expect, test } from 'vitest'
import { checkTarget, resolveTarget, type Situation } from './targets.ts'

const sentinel = {
  redis: ['redis-1', 'redis-2'],
  sentinels: ['sentinel-1', 'sentinel-2', 'sentinel-3'],
  servers: ['server-1', 'server-2'],
}
const redlock = { redis: ['redis-1', 'redis-2', 'redis-3', 'redis-4', 'redis-5'], sentinels: [], servers: ['server-1'] }
const single = { redis: ['redis-1'], sentinels: [], servers: ['server-1', 'server-2'] }

describe('what a topology has', () => {
  test.each([
    ['primary', 'nodes'],
    ['replica', 'nodes'],
    ['sentinel-3', 'nodes'],
    ['server-2', 'servers'],
    ['holder', 'servers'],
    ['servers→primary', 'links'],
    ['cluster -> redis-2', 'links'],
  ])('%s is about %s', (text, kind) => expect(checkTarget(text, 'sentinel', sentinel)).toBe(kind))

  test.each([
    ['replica', 'single', single, 'the target `replica` does not exist on single, which has one node'],
    ['minority', 'single', single, 'the target `minority` does not exist on single, it takes at least three nodes'],
    ['redis-3', 'sentinel', sentinel, 'the target `redis-3` is not a node of sentinel; did you mean redis-1?'],
    ['primry', 'sentinel', sentinel, 'the target `primry` is not a node of sentinel; did you mean primary?'],
    ['server-7', 'single', single, 'the target `server-7` is not a server of single; did you mean server-1?'],
    [
      'servers→primary→all',
      'single',
      single,
      'the target `servers→primary→all` cannot be read: it is a word such as primary, or a link such as servers→primary',
    ],
    [
      'primary→servers',
      'single',
      single,
      'the target `primary` is not the start of a link of single; there is server-1, server-2, servers and holder',
    ],
    [
      'cluster→primary',
      'single',
      single,
      'the target `cluster→primary` does not exist on single, whose nodes say nothing to each other',
    ],
  ])('%s on %s is refused', (text, topology, names, message) =>
    expect(() => checkTarget(text, topology, names)).toThrow(message),
  )

  test('independent nodes have no primary', () =>
    expect(() => checkTarget('servers→primary', 'redlock', redlock)).toThrow('does not exist on redlock'))
})

describe('what a word means now', () => {
  const draws = (...numbers: number[]) => {
    let next = 0
    return () => numbers[next++ % numbers.length]!
  }
  const situation = (over: Partial<Situation>): Situation => ({
    ...sentinel,
    primary: 'redis-2',
    random: draws(0.5),
    ...over,
  })

  test('primary and replica follow the switch', () => {
    expect(resolveTarget('primary', situation({}))).toEqual({
      label: 'redis-2',
      nodes: ['redis-2'],
      links: [],
      servers: [],
    })
    expect(resolveTarget('replica', situation({})).nodes).toEqual(['redis-1'])
  })

  test('minority and majority are drawn and never more than they say', () => {
    const five = situation({ ...redlock, primary: 'redis-1', random: draws(0.99, 0, 0.5) })
    expect(resolveTarget('minority', five).nodes).toEqual(['redis-1', 'redis-5'])
    expect(resolveTarget('majority', five).nodes).toHaveLength(3)
    expect(resolveTarget('all', five).nodes).toHaveLength(5)
    expect(resolveTarget('one', situation({ random: draws(0) })).nodes).toEqual(['redis-1'])
  })

  test('links are every start times every end', () => {
    expect(resolveTarget('servers->all', situation({})).links).toEqual([
      'server-1→redis-1',
      'server-1→redis-2',
      'server-2→redis-1',
      'server-2→redis-2',
    ])
    expect(resolveTarget('cluster→primary', situation({})).label).toBe('cluster→redis-2')
    expect(resolveTarget('holder→primary', situation({ holder: 'server-2' })).links).toEqual(['server-2→redis-2'])
  })

  test('the holder is a server', () => {
    expect(resolveTarget('holder', situation({ holder: 'server-2' })).servers).toEqual(['server-2'])
    expect(() => resolveTarget('holder', situation({}))).toThrow('no server held a lock')
  })
})
