import { describe, expect, test } from 'vitest'
import { UsageError } from '../lib/failure.ts'
import { makePlan, parseScenario } from './index.ts'
import { parseSource } from './source.ts'

/** A scenario with these faults; the first stands in line 9. */
function refusal(topology: string, faults: string[]): string {
  const text = `name: mine
title: Mine
topology: ${topology}
servers: 3
workload: { kind: mutex, keys: 10 }
load: { executor: constant-vus, vus: 4, duration: 10s }
control: naive
faults:
${faults.map((fault) => `  - { ${fault} }`).join('\n')}
`
  try {
    makePlan(parseScenario(parseSource(text, 'mine.yaml')), { lock: { spec: 'reference', name: 'reference' }, seed: 1 })
  } catch (error) {
    if (error instanceof UsageError) return error.message
    throw error
  }
  return 'nothing was refused'
}

describe('faults that contradict each other are refused', () => {
  test.each<[string, string, string[], string]>([
    [
      'pausing a killed node',
      'single',
      ['fault: kill, target: primary, at: 1s, for: 2s', 'fault: pause, target: redis-1, at: 2s, for: 3s'],
      'mine.yaml:10:42: pause of redis-1 begins at 2000 ms, while kill of primary (`faults.0`) has it down until 3000 ms: the two contradict each other',
    ],
    [
      'killing twice',
      'redlock',
      ['fault: kill, target: redis-1, at: 1s, for: 2s', 'fault: kill, target: all, at: 1s, for: 1s'],
      'mine.yaml:10:37: kill of all begins at 1000 ms, while kill of redis-1 (`faults.0`) has it down until 3000 ms',
    ],
    [
      'two majorities have a node in common',
      'redlock',
      ['fault: kill, target: majority, at: 1s, for: 2s', 'fault: pause, target: majority, at: 2s, for: 2s'],
      'pause of majority begins at 2000 ms, while kill of majority',
    ],
    [
      'memory that is short on a killed node',
      'single',
      ['fault: oom, target: primary, at: 2s, for: 2s', 'fault: kill, target: primary, at: 1s, for: 4s'],
      'mine.yaml:9:40: oom of primary begins at 2000 ms, while kill of primary (`faults.1`) has it down until 5000 ms',
    ],
    [
      'two that set the memory limit',
      'single',
      ['fault: oom, target: primary, at: 1s, for: 2s', 'fault: eviction, target: primary, at: 2s, for: 2s'],
      'eviction of primary begins at 2000 ms, while oom of primary (`faults.0`) is on there until 3000 ms',
    ],
    [
      'latency on a link whose node is gone: nothing could prove it',
      'single',
      [
        'fault: kill, target: primary, at: 1s, for: 2s',
        'fault: latency, target: servers→primary, latencyMs: 5, at: 2s, for: 2s',
      ],
      'latency of servers→primary begins at 2000 ms, while kill of primary',
    ],
    [
      'latency on a link that is cut',
      'redlock',
      [
        'fault: partition, target: servers→redis-2, at: 1s, for: 2s',
        'fault: latency, target: server-1→all, latencyMs: 5, at: 2s, for: 2s',
      ],
      'latency of server-1→all begins at 2000 ms, while partition of servers→redis-2 (`faults.0`) has it cut',
    ],
    [
      'all nodes are down, whoever is the primary',
      'sentinel',
      ['fault: kill, target: all, at: 1s, for: 3s', 'fault: pause, target: primary, at: 2s, for: 1s'],
      'pause of primary begins at 2000 ms, while kill of all (`faults.0`) has it down until 4000 ms',
    ],
    [
      'a split brain of nodes that are down',
      'sentinel',
      ['fault: kill, target: all, at: 1s, for: 3s', 'fault: isolate-primary, target: primary, at: 2s, for: 2s'],
      'isolate-primary of primary begins at 2000 ms, while kill of all',
    ],
    [
      'latency on a link that lets nobody in to feel it',
      'single',
      [
        'fault: max-clients, target: primary, at: 1s, for: 2s',
        'fault: latency, target: servers→primary, latencyMs: 5, at: 2s, for: 2s',
      ],
      'latency of servers→primary begins at 2000 ms, while max-clients of primary (`faults.0`) is on there until 3000 ms',
    ],
    [
      'a crash of a stopped server',
      'single',
      ['fault: stop-process, target: servers, at: 1s, for: 2s', 'fault: crash, target: holder, at: 2s, for: 2s'],
      'crash of holder begins at 2000 ms, while stop-process of servers (`faults.0`) has it stopped until 3000 ms',
    ],
    [
      'two at the same moment, whenever it comes',
      'single',
      [
        'fault: stop-process, target: server-1, when: acquired, after: 9, for: 2s',
        'fault: crash, target: server-1, when: acquired, after: 9, for: 2s',
      ],
      'crash of server-1 begins 0 ms after its moment, while stop-process of server-1',
    ],
  ])('%s', (_, topology, faults, message) => expect(refusal(topology, faults)).toContain(message))
})

describe('what can be is allowed', () => {
  test.each<[string, string, string[]]>([
    [
      'latency, and then a kill',
      'single',
      [
        'fault: latency, target: servers→primary, latencyMs: 5, at: 1s, for: 4s',
        'fault: kill, target: primary, at: 2s, for: 2s',
      ],
    ],
    [
      'one after the other, to the millisecond',
      'single',
      ['fault: kill, target: primary, at: 1s, for: 2s', 'fault: kill, target: primary, at: 3s, for: 2s'],
    ],
    [
      'one of three, and one of three',
      'redlock',
      ['fault: kill, target: one, at: 1s, for: 2s', 'fault: kill, target: one, at: 1s, for: 2s'],
    ],
    [
      'the primary, and the primary that was made of its replica',
      'sentinel',
      ['fault: kill, target: primary, at: 1s, for: 6s', 'fault: pause, target: primary, at: 5s, for: 1s'],
    ],
    [
      'two servers at once, if others hold',
      'single',
      ['fault: stop-process, target: holder, at: 1s, for: 2s', 'fault: stop-process, target: holder, at: 2s, for: 2s'],
    ],
    [
      'a crash while the network is cut',
      'single',
      ['fault: partition, target: servers→primary, at: 1s, for: 2s', 'fault: crash, target: server-1, at: 2s, for: 2s'],
    ],
    [
      'memory that runs out, and then a kill',
      'single',
      ['fault: oom, target: primary, at: 1s, for: 4s', 'fault: kill, target: primary, at: 2s, for: 1s'],
    ],
    [
      'latency twice on one link adds up',
      'single',
      [
        'fault: latency, target: servers→primary, latencyMs: 5, at: 1s, for: 4s',
        'fault: latency, target: server-1→primary, latencyMs: 50, at: 2s, for: 1s',
      ],
    ],
  ])('%s', (_, topology, faults) => expect(refusal(topology, faults)).toBe('nothing was refused'))
})
