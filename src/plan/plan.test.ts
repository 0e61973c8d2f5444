import { describe, expect, test } from 'vitest'
import { UsageError } from '../lib/failure.ts'
import { makePlan, parseScenario, type Choices } from './index.ts'
import { parseSource } from './source.ts'

const good = `name: mine
title: Mine
topology: sentinel
topologies: [sentinel, single, redlock]
workload: { kind: oversell, products: 10, stock: 100, workMs: { min: 4, max: 12 } }
load:
  executor: constant-vus
  vus: 4
  duration: 2s
faults:
  - fault: kill
    target: one
    at: 500ms
    for: 1s
control: naive
`
const lock = { spec: 'reference', name: 'reference' }

/** The good scenario with one line changed. */
const changed = (from: string, to: string) => {
  expect(good).toContain(from)
  return good.replace(from, to)
}

function refusal(text: string, choices: Partial<Choices> = {}): string {
  try {
    makePlan(parseScenario(parseSource(text, 'mine.yaml')), { lock, seed: 1, ...choices })
  } catch (error) {
    if (error instanceof UsageError) return error.message
    throw error
  }
  return 'nothing was refused'
}

const plan = (choices: Partial<Choices> = {}, text = good) =>
  makePlan(parseScenario(parseSource(text, 'mine.yaml')), { lock, seed: 1, ...choices })

describe('what is wrong in a file is told where it stands', () => {
  test.each([
    ['a wrong type', changed('vus: 4', 'vus: four'), 'mine.yaml:8:8: `load.vus` is "four"; it must be a whole number'],
    ['a number out of range', changed('vus: 4', 'vus: 0'), 'mine.yaml:8:8: `load.vus` is 0; it must be at least 1'],
    [
      'a duration without a unit',
      changed('duration: 2s', 'duration: 2'),
      'mine.yaml:9:13: `load.duration` is 2; a duration needs a unit, for example 500ms, 12s or 1m',
    ],
    [
      'a negative time',
      changed('for: 1s', 'for: -1s'),
      'mine.yaml:14:10: `faults.0.for` is "-1s"; a time cannot be negative',
    ],
    [
      'more users than there can be',
      changed('vus: 4', 'vus: 1000000'),
      'mine.yaml:8:8: `load.vus` is 1000000; it must be at most 10000',
    ],
    [
      'a probability beyond 1',
      changed('stock: 100', 'resubmit: 1.5'),
      'mine.yaml:5:53: `workload.resubmit` is 1.5; it must be at most 1',
    ],
    [
      'a probability below 0',
      changed('stock: 100', 'resubmit: -0.1'),
      'mine.yaml:5:53: `workload.resubmit` is -0.1; it must be at least 0',
    ],
    [
      'a duration with a wrong unit',
      changed('for: 1s', 'for: 1h'),
      'mine.yaml:14:10: `faults.0.for` is "1h"; a duration needs a unit, for example 500ms, 12s or 1m',
    ],
    [
      'an unknown key',
      changed('title:', 'titel:'),
      'mine.yaml:1:1: `title` is missing; it must be a text\nmine.yaml:2:1: there is no `titel`; did you mean title?',
    ],
    [
      'an unknown key of the load',
      changed('vus:', 'vuss:'),
      'mine.yaml:6:1: `load.vus` is missing; it must be a whole number\nmine.yaml:8:3: there is no `load.vuss`; did you mean vus?',
    ],
    [
      'an unknown executor',
      changed('constant-vus', 'constant-vu'),
      'mine.yaml:7:13: `load.executor` is "constant-vu"; did you mean constant-vus?',
    ],
    [
      'an unknown workload',
      changed('kind: oversell', 'kind: oversel'),
      'mine.yaml:5:19: `workload.kind` is "oversel"; did you mean oversell?',
    ],
    [
      'an unknown option of the workload',
      changed('stock:', 'stok:'),
      'mine.yaml:5:43: there is no `workload.stok`; did you mean stock?',
    ],
    [
      'an unknown fault',
      changed('fault: kill', 'fault: kil'),
      'mine.yaml:11:12: `faults.0.fault` is "kil"; did you mean kill?',
    ],
    [
      'an unknown parameter of a fault',
      changed('at: 500ms', 'keepdata: false'),
      'mine.yaml:13:5: there is no `faults.0.keepdata`; did you mean keepData?',
    ],
    [
      'an unknown topology, in short',
      changed('topology: sentinel', 'topology: sentinal'),
      'mine.yaml:3:11: `topology.kind` is "sentinal"; did you mean sentinel?',
    ],
    [
      'a value that is missing',
      changed('vus: 4', 'vus:'),
      'mine.yaml:8:3: `load.vus` is empty; it must be a whole number',
    ],
    [
      'no YAML',
      changed('control: naive', 'control: [naive'),
      'mine.yaml:16:1: this is not YAML: flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
    ['a key that comes twice', `${good}control: naive\n`, 'mine.yaml:16:1: this is not YAML: map keys must be unique'],
    ['nothing at all', '# later\n', 'mine.yaml:1:1: the file is empty; a scenario starts with name and title'],
    ['a list', '- a\n', 'mine.yaml:1:1: the scenario is a list; it must be a block of keys'],
  ])('%s', (_, text, message) => expect(refusal(text)).toBe(message))

  test('several problems are several lines', () => {
    const text = changed('vus: 4', 'vus: 0').replace('for: 1s', 'for: 1')
    expect(refusal(text).split('\n')).toHaveLength(2)
  })
})

describe('what does not fit together', () => {
  test.each([
    [
      'a target that the topology does not have',
      changed('target: one', 'target: redis-7'),
      'mine.yaml:12:13: the target `redis-7` is not a node of sentinel; did you mean redis-1?',
    ],
    [
      'a node where links are needed',
      changed('fault: kill', 'fault: partition'),
      'mine.yaml:12:13: partition acts on links: its target is a word such as servers→primary, not one',
    ],
    [
      'a link where nodes are needed',
      changed('target: one', 'target: servers->primary'),
      'mine.yaml:12:13: kill acts on nodes: its target is a word such as primary or redis-1, not servers->primary',
    ],
    [
      'a fault of Sentinel where there is none',
      changed('fault: kill', 'fault: failover').replace('topology: sentinel', 'topology: redlock'),
      'mine.yaml:12:13: failover is done to a Sentinel group, and there is none on redlock',
    ],
    [
      'a Sentinel where only a Redis will do',
      changed('fault: kill', 'fault: oom').replace('target: one', 'target: sentinel-1'),
      'mine.yaml:12:13: oom is done to a Redis, and sentinel-1 is a Sentinel: kill and pause can be done to it',
    ],
    [
      'a failover of a replica',
      changed('fault: kill', 'fault: failover').replace('target: one', 'target: replica'),
      'mine.yaml:12:13: failover is done to the primary, and `replica` is not that',
    ],
    [
      'a primary that is cut off from its primary',
      changed('fault: kill', 'fault: cut-replication').replace('target: one', 'target: primary'),
      'mine.yaml:12:13: cut-replication is done to replicas, and `primary` is not that',
    ],
    ['at and when', changed('for: 1s', 'when: acquired'), 'mine.yaml:14:11: a fault has `at` or `when`, not both'],
    [
      'after without when',
      changed('for: 1s', 'after: 3'),
      'mine.yaml:14:12: `after` counts what `when` names, and there is no `when`',
    ],
    [
      'a fault that begins too late',
      changed('at: 500ms', 'at: 2s'),
      'mine.yaml:14:10: kill begins at 2000 ms, when the load of 2000 ms is over',
    ],
    [
      'a fault that ends too late',
      changed('for: 1s', 'for: 3s'),
      'mine.yaml:14:10: kill would end 3500 ms after the load began, but the load and its settling take 2500 ms',
    ],
    [
      'a server that is not there',
      changed('fault: kill', 'fault: crash').replace('target: one', 'target: server-3'),
      'mine.yaml:12:13: the target `server-3` is not a server of sentinel; did you mean server-1?',
    ],
    [
      'a node where a server is needed',
      changed('fault: kill', 'fault: stop-process'),
      'mine.yaml:12:13: stop-process acts on servers: its target is a word such as server-1 or holder, not one',
    ],
    [
      'more arrivals than anybody can begin',
      changed('executor: constant-vus', 'executor: constant-arrival-rate').replace('vus: 4', 'rate: 1000000'),
      'mine.yaml:8:9: `load.rate` comes to 1000000 a second; it must be at most 100000',
    ],
    [
      'a unit of no time',
      changed('executor: constant-vus', 'executor: constant-arrival-rate').replace('vus: 4', 'rate: 5\n  timeUnit: 0s'),
      'mine.yaml:9:13: `load.timeUnit` is 0; it must be more',
    ],
    [
      'no such control',
      changed('control: naive', 'control: naiv'),
      'mine.yaml:15:10: `control` is "naiv", which is no lock of Picklock\'s; did you mean naive?',
    ],
    [
      'a range upside down',
      changed('min: 4', 'min: 40'),
      'mine.yaml:5:70: `workload.workMs.min` is 40, more than its max, which is 12',
    ],
    [
      'a quorum that cannot be',
      changed('topology: sentinel', 'topology: { kind: sentinel, quorum: 4 }'),
      'mine.yaml:3:37: `topology.quorum` is 4, more than the 3 sentinels that there are',
    ],
    [
      'a threshold that cannot be read',
      `${good}thresholds: { overlaps: ['count=0'] }\n`,
      'mine.yaml:16:26: "count=0" is no threshold',
    ],
    [
      'a threshold on nothing',
      `${good}thresholds: { overlap: ['count==0'] }\n`,
      'mine.yaml:16:25: there is no metric overlap; did you mean overlaps?',
    ],
  ])('%s', (_, text, message) => expect(refusal(text)).toContain(message))

  test('a topology that the scenario is not made for', () => {
    expect(refusal(changed('topologies: [sentinel, single, redlock]', ''), { topology: 'single' })).toBe(
      'the scenario mine is made for sentinel, not for single (its `topologies` says so)',
    )
  })

  test('the target of a fault is checked on the topology that was chosen', () => {
    const text = changed('target: one', 'target: replica')
    expect(refusal(text)).toBe('nothing was refused')
    expect(refusal(text, { topology: 'single' })).toContain('`replica` does not exist on single')
  })
})

describe('--set', () => {
  test('values are YAML, and checked like the file', () => {
    const { load, servers, topology } = plan({ set: ['load.duration=4s', 'servers=3', 'topology.sentinels=5'] })
    expect(load).toMatchObject({ duration: 4000 })
    expect(servers).toBe(3)
    expect(topology).toMatchObject({ kind: 'sentinel', sentinels: 5 })
    expect(plan({ set: ['faults.0.for=300ms', 'workload.stock=7'] })).toMatchObject({
      faults: [{ forMs: 300 }],
      workload: { stock: 7 },
    })
    expect(plan({ set: ['faults=[]', 'thresholds.overlaps=[count<=2]'] })).toMatchObject({
      faults: [],
      thresholds: { overlaps: ['count<=2'] },
    })
  })

  test.each([
    [
      'load.rates=4',
      '--set load.rates=4: there is no load.rates; the keys of load are executor, vus, duration, gracefulStop, startTime and via',
    ],
    ['load.durration=4s', '--set load.durration=4s: there is no load.durration; did you mean load.duration?'],
    ['lod.duration=4s', '--set lod.duration=4s: there is no lod; did you mean load?'],
    ['duration=4s', '--set duration=4s: there is no duration; did you mean load.duration?'],
    ['ttlMs=4', '--set ttlMs=4: there is no ttlMs; did you mean lock.ttlMs?'],
    ['faults.1.for=4s', '--set faults.1.for=4s: there is no faults.1; faults has 1 entry, counted from 0'],
    ['faults.0.form=4s', '--set faults.0.form=4s: there is no faults.0.form; did you mean faults.0.for?'],
    ['servers.x=1', '--set servers.x=1: there is no servers.x; servers is a single value'],
    [
      'load.duration=4',
      '--set load.duration=4: `load.duration` is 4; a duration needs a unit, for example 500ms, 12s or 1m',
    ],
    ['load.vus=[', '--set load.vus=[: the value cannot be read as YAML'],
    ['servers', '--set servers: it needs a path and a value, for example --set load.duration=4s'],
    [
      'faults.0.target=redis-9',
      '--set faults.0.target=redis-9: the target `redis-9` is not a node of sentinel; did you mean redis-1?',
    ],
  ])('%s is refused', (set, message) => expect(refusal(good, { set: [set] })).toBe(message))
})

describe('the plan', () => {
  test('holds all defaults and the choices, and cannot be changed', () => {
    const made = plan({ topology: 'redlock', lockOptions: { retry: 5 } })
    expect(made).toMatchObject({
      runtime: 'process',
      driver: { name: 'builtin' },
      seed: 1,
      topology: { kind: 'redlock', nodes: 3 },
      lock: { spec: 'reference', ttlMs: 2700, waitMs: 5000, options: { retry: 5 } },
      settle: 500,
      evidence: { grants: 1, holdsDuringFault: 1 },
      faults: [{ fault: 'kill', target: 'one', atMs: 500, forMs: 1000, parameters: { keepData: true } }],
    })
    expect(() => Object.assign(made.lock.options, { retry: 6 })).toThrow(TypeError)
    expect(() => Object.assign(made.faults[0]!, { atMs: 6 })).toThrow(TypeError)
  })

  test('has no room for a password', () => {
    const options = { databaseUrl: 'postgres://shop:s3cret@127.0.0.1:5432/shop' }
    const message =
      'the lock option databaseUrl has a password in its URL, which every report would tell: give it as PGPASSWORD, or in ~/.pgpass'
    expect(() => plan({ lockOptions: options })).toThrow(message)
    expect(refusal(good, { set: [`lock.options.databaseUrl=${options.databaseUrl}`] })).toBe(message)
    expect(() => plan({ lockOptions: { mirror: 'redis://:s3cret@127.0.0.1' } })).toThrow('give it by the environment')
    const without = { databaseUrl: 'postgres://shop@127.0.0.1:5432/shop', at: '10:30 @ noon' }
    expect(plan({ lockOptions: without }).lock.options).toEqual(without)
  })

  test('the same seed gives the same schedule, another seed another', () => {
    const open = changed('    at: 500ms\n    for: 1s\n', '')
    const at = (seed: number) => plan({ seed }, open).faults[0]!.atMs!
    expect(at(7)).toBe(at(7))
    expect(new Set([1, 2, 3, 4, 5].map(at)).size).toBeGreaterThan(1)
    for (const seed of [1, 2, 3, 4, 5]) {
      expect(at(seed)).toBeGreaterThanOrEqual(2000 * (1 / 3 - 1 / 20) - 1)
      expect(at(seed)).toBeLessThanOrEqual(2000 * (1 / 3 + 1 / 20) + 1)
    }
  })

  test('a seed is drawn where none is given, 32 bit', () => {
    const { seed } = makePlan(parseScenario(parseSource(good, 'mine.yaml')), { lock })
    expect(seed).toBeGreaterThanOrEqual(0)
    expect(seed).toBeLessThan(2 ** 32)
  })
})
