import { describe, expect, test } from 'vitest'
import { random } from '../lib/random.ts'
import type { Event } from './event.ts'
import { parseCall } from './parse-call.ts'
import { parseEvent } from './parse.ts'
import { line } from './recorder.ts'

const call = { process: 'server-1/vu-3', f: 'acquire', op: 20_000_017, key: 'stock:7' } as const
const spelled = (event: Event) => line(event, event.t).trimEnd()
const read = (text: string) => {
  const bytes = Buffer.from(text)
  return parseCall(bytes, 0, bytes.length)
}

const own: Event[] = [
  { t: 123_456_789_012, ...call, type: 'invoke', ttlMs: 2700, waitMs: 5000 },
  { t: 5, ...call, type: 'ok', token: 'abc' },
  { t: 5, ...call, type: 'ok', token: 'a token that is longer than a view', fence: '42' },
  { t: 5.25, ...call, type: 'ok', token: 'abc', validForMs: 2969.125 },
  { t: 0, ...call, type: 'ok', token: 'abc', fence: '', validForMs: 0.5 },
  { t: 7, ...call, f: 'release', type: 'invoke', grant: 16 },
  { t: 7, ...call, f: 'work', type: 'info', grant: 16 },
]

test('what the recorder writes of calls is read as JSON.parse reads it', () => {
  for (const event of own) expect(read(spelled(event))).toStrictEqual(parseEvent(spelled(event)))
})

test('within a longer text', () => {
  const [first, second] = own.map(spelled) as [string, string]
  const text = Buffer.from(`${first}\n${second}\n`)
  expect(parseCall(text, first.length + 1, text.length - 1)).toStrictEqual(parseEvent(second))
})

describe('is left to JSON.parse', () => {
  test.each([
    ['another event', '{"t":1,"process":"controller","type":"info","f":"phase","phase":"load"}'],
    ['another order', '{"process":"a","t":1,"type":"ok","f":"work","op":1,"key":"k","grant":1}'],
    ['an error', '{"t":1,"process":"a","type":"fail","f":"acquire","op":1,"key":"k","error":"contended"}'],
    ['a space', '{"t": 1,"process":"a","type":"ok","f":"work","op":1,"key":"k","grant":1}'],
    ['an escape in a name', '{"t":1,"process":"a","type":"ok","f":"work","op":1,"key":"\\u006b","grant":1}'],
    ['a name beyond ASCII', '{"t":1,"process":"a","type":"ok","f":"work","op":1,"key":"é","grant":1}'],
    ['an exponent', '{"t":1e3,"process":"a","type":"ok","f":"work","op":1,"key":"k","grant":1}'],
    ['a number that is no JSON', '{"t":01,"process":"a","type":"ok","f":"work","op":1,"key":"k","grant":1}'],
    ['a fraction without digits', '{"t":1.,"process":"a","type":"ok","f":"work","op":1,"key":"k","grant":1}'],
    ['an op that is none', '{"t":1,"process":"a","type":"ok","f":"work","op":1.5,"key":"k","grant":1}'],
    ['no number', '{"t":,"process":"a","type":"ok","f":"work","op":1,"key":"k","grant":1}'],
    ['a type that is not known', '{"t":1,"process":"a","type":"okay","f":"work","op":1,"key":"k","grant":1}'],
    ['something behind it', '{"t":1,"process":"a","type":"ok","f":"work","op":1,"key":"k","grant":1}}'],
    ['nothing', ''],
  ])('%s', (_, text) => expect(read(text)).toBe(undefined))
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
  let taken = 0
  for (let round = 0; round < 20_000; round++) {
    const text = spelled(pick(own))
    const at = Math.floor(draw() * text.length)
    const harmed = text.slice(0, at) + pick(junk) + text.slice(at + Math.floor(draw() * 3))
    const event = read(harmed)
    if (event === undefined) continue
    taken++
    expect(event).toStrictEqual(parseEvent(harmed))
  }
  // Digits and letters may be others and the line a line.
  expect(taken).toBeGreaterThan(1_000)
})
