import { describe, expect, test } from 'vitest'
import { random } from '../lib/random.ts'
import type { Event } from './event.ts'
import { EventTable } from './event-table.ts'
import { parseCall } from './parse-call.ts'
import { parseEvent } from './parse.ts'
import { parseKey } from './parse-key.ts'
import { line } from './recorder.ts'

/** By a parser that reads bytes: the event of the text, if all of it was taken. */
function readBy(parse: typeof parseCall, text: string, table = new EventTable()): Event | undefined {
  const bytes = Buffer.from(`${text}\n`)
  return parse(bytes, 0, bytes.length, table) === bytes.length ? table.at(-1) : undefined
}
const spelled = (event: Event) => line(event, event.t).trimEnd()

const call = { process: 'server-1/vu-3', f: 'acquire', op: 20_000_017, key: 'stock:7' } as const
const calls: Event[] = [
  { t: 123_456_789_012, ...call, type: 'invoke', ttlMs: 2700, waitMs: 5000 },
  { t: 123_456_789_012_345, ...call, type: 'invoke', ttlMs: 2700, waitMs: 0 },
  { t: 5, ...call, type: 'ok', token: 'abc' },
  { t: 5, ...call, type: 'ok', token: 'a token that is longer than a view', fence: '42' },
  { t: 5, ...call, type: 'ok', token: 'abc', validForMs: 2969.125 },
  { t: 0, ...call, type: 'ok', token: '', fence: '0', validForMs: 0.1 },
  { t: 7, ...call, f: 'release', type: 'invoke', grant: 16 },
  { t: 7, ...call, f: 'work', type: 'info', grant: 0 },
  { t: 7, ...call, type: 'fail', error: 'contended' },
  { t: 7, ...call, f: 'extend', type: 'ok', grant: 16 },
  { t: 7, ...call, f: 'lost', type: 'info', grant: 16 },
  { t: 7, ...call, process: 'a', key: 'k', f: 'release', type: 'fail', grant: 16 },
]
const key = { process: 'redis-1', type: 'info', f: 'key', key: 'lock:stock:7' } as const
const keys: Event[] = [
  { t: 123_456_789_012, ...key, event: 'set' },
  { t: 8, ...key, event: 'sample', value: 'abc', pttlMs: 2699 },
  { t: 8, ...key, event: 'sample', value: 'a hash or another value', pttlMs: -1 },
  { t: 8, ...key, event: 'sample', pttlMs: -2 },
  { t: 8, ...key, event: 'resync', key: '', value: 'restarted' },
]

describe.each([
  ['calls', parseCall, calls],
  ['what became of keys', parseKey, keys],
] as const)('%s', (_, parse, own) => {
  test('what the recorder writes is read as JSON.parse reads it', () => {
    for (const event of own) {
      expect(readBy(parse, spelled(event))).toStrictEqual(parseEvent(spelled(event)))
      // The second time by what was kept of the names of the first.
      const bytes = Buffer.from(line(event, event.t).repeat(2))
      const table = new EventTable()
      expect(parse(bytes, parse(bytes, 0, bytes.length, table), bytes.length, table)).toBe(bytes.length)
      expect([...table]).toStrictEqual([event, event])
    }
  })

  test('a line without its end is left', () => {
    for (const event of own)
      for (let cut = 1; cut < 10; cut++) {
        const bytes = Buffer.from(line(event, event.t).slice(0, -cut))
        expect(parse(bytes, 0, bytes.length, new EventTable())).toBe(-1)
      }
  })

  test('whatever is done to a line: it is read as JSON.parse reads it, or left to it', () => {
    const draw = random(42, 'parse-call')
    const pick = <T>(some: readonly T[]): T => some[Math.floor(draw() * some.length)]!
    const junk = [
      '',
      '0',
      '9',
      '.',
      '-',
      '"',
      '\\',
      '}',
      ',',
      ' ',
      '\n',
      '\0',
      'é',
      '\ud800',
      '"token":"',
      ',"grant":3',
      '1e9',
    ]
    const table = new EventTable()
    let taken = 0
    for (let round = 0; round < 20_000; round++) {
      const text = spelled(pick(own))
      const at = Math.floor(draw() * text.length)
      const harmed = text.slice(0, at) + pick(junk) + text.slice(at + Math.floor(draw() * 3))
      const event = readBy(parse, harmed, table)
      if (event === undefined) continue
      taken++
      expect(event).toStrictEqual(parseEvent(harmed))
    }
    // Digits and letters may be others and the line a line.
    expect(taken).toBeGreaterThan(1_000)
  })
})

describe('is left to JSON.parse', () => {
  test.each([
    ['another event', '{"t":1,"process":"controller","type":"info","f":"phase","phase":"load"}'],
    ['another order', '{"process":"a","t":1,"type":"ok","f":"work","op":1,"key":"k","grant":1}'],
    ['an error', '{"t":1,"process":"a","type":"fail","f":"acquire","op":1,"key":"k","error":"contended by others"}'],
    ['a space', '{"t": 1,"process":"a","type":"ok","f":"work","op":1,"key":"k","grant":1}'],
    ['an escape in a name', '{"t":1,"process":"a","type":"ok","f":"work","op":1,"key":"\\u006b","grant":1}'],
    ['a quote in a name', '{"t":1,"process":"a","type":"ok","f":"work","op":1,"key":"k\\"","grant":1}'],
    ['a name beyond ASCII', '{"t":1,"process":"a","type":"ok","f":"work","op":1,"key":"é","grant":1}'],
    ['an exponent', '{"t":1e3,"process":"a","type":"ok","f":"work","op":1,"key":"k","grant":1}'],
    ['a fraction of a nanosecond', '{"t":1.5,"process":"a","type":"ok","f":"work","op":1,"key":"k","grant":1}'],
    ['a number that is no JSON', '{"t":01,"process":"a","type":"ok","f":"work","op":1,"key":"k","grant":1}'],
    ['a fraction without digits', '{"t":1.,"process":"a","type":"ok","f":"work","op":1,"key":"k","grant":1}'],
    [
      'more digits than a double',
      '{"t":1,"process":"a","type":"ok","f":"acquire","op":1,"key":"k","token":"x","fence":"9007199254740993"}',
    ],
    [
      'a fence that is no number',
      '{"t":1,"process":"a","type":"ok","f":"acquire","op":1,"key":"k","token":"x","fence":"0-1"}',
    ],
    [
      'a fence that is spelled oddly',
      '{"t":1,"process":"a","type":"ok","f":"acquire","op":1,"key":"k","token":"x","fence":"007"}',
    ],
    ['an op that is none', '{"t":1,"process":"a","type":"ok","f":"work","op":1.5,"key":"k","grant":1}'],
    ['no number', '{"t":,"process":"a","type":"ok","f":"work","op":1,"key":"k","grant":1}'],
    ['a type that is not known', '{"t":1,"process":"a","type":"okay","f":"work","op":1,"key":"k","grant":1}'],
    ['something behind it', '{"t":1,"process":"a","type":"ok","f":"work","op":1,"key":"k","grant":1}}'],
    ['an observer that was late', '{"t":1,"process":"a","type":"info","f":"key","event":"late","key":"","lagNs":1}'],
    ['nothing', ''],
  ])('%s', (_, text) => {
    expect(readBy(parseCall, text)).toBe(undefined)
    expect(readBy(parseKey, text)).toBe(undefined)
  })
})
