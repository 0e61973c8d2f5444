import { expect, test } from 'vitest'
import { decode, decodeAnswer, encode, shown } from './protocol.ts'

const line = (text: string) => decode(Buffer.from(text))
const answerTo = (op: Parameters<typeof decodeAnswer>[0], body: object) => decodeAnswer(op, body)

test('null is absent, unknown fields are ignored', () => {
  const message = line(
    '{"id":3,"result":"granted","grant":"g","token":null,"fence":null,"validForMs":null,"at":null,"x":{}}\r',
  )
  expect(message).toMatchObject({ kind: 'answer', id: 3 })
  expect(answerTo('acquire', (message as { body: object }).body)).toEqual({ result: 'granted', grant: 'g' })
})

test('integers may be numbers or decimal strings', () => {
  expect(
    answerTo('acquire', { result: 'granted', grant: 4, fence: '18446744073709551616', at: '81234567890123' }),
  ).toEqual({
    result: 'granted',
    grant: 4,
    fence: '18446744073709551616',
    at: 81234567890123n,
  })
  expect(answerTo('acquire', { result: 'granted', grant: 'g', fence: -1, at: 5 })).toMatchObject({
    fence: '-1',
    at: 5n,
  })
})

test('errors may lack what they like', () => {
  expect(answerTo('release', { result: 'indeterminate' })).toEqual({
    result: 'indeterminate',
    error: { class: 'Error', message: '' },
  })
  expect(answerTo('open', { error: { class: 'E', message: 'm' } })).toEqual({ failure: 'E: m' })
})

test.each([
  ['[]', 'no JSON object'],
  ['null', 'no JSON object'],
  ['{"result":"granted"}', 'neither an answer (id) nor an event'],
  ['{"id":"3"}', 'an id that is no integer'],
  ['{"id":1.5}', 'an id that is no integer'],
  ['{"id":null}', 'neither an answer (id) nor an event'],
  ['{"event":"lost"}', 'the event lost is malformed (grant): grant must be a text or an integer'],
  ['{', 'no JSON'],
])('%s is a violation', (text, reason) => {
  expect(() => line(text)).toThrow(reason)
})

test.each([
  ['acquire', { result: 'pong' }, 'an answer to acquire is of the wrong kind'],
  ['acquire', { error: { class: 'E' } }, 'an answer to acquire is malformed'],
  ['release', { result: 'granted', grant: 'g' }, 'an answer to release is of the wrong kind'],
  ['extend', { result: 'extended', at: '-3' }, 'at must be nanoseconds'],
  ['extend', { result: 'extended', at: 1.5 }, 'at must be nanoseconds'],
  ['hello', { result: 'hello', protocol: 1 }, '(name)'],
] as const)('%s may not be answered with %j', (op, body, reason) => {
  expect(() => answerTo(op, body)).toThrow(reason)
})

test('what we send fits the limit', () => {
  expect(encode(7, 'ping', {})).toBe('{"id":7,"op":"ping"}\n')
  expect(() => encode(1, 'release', { grant: 'x'.repeat(1024 * 1024) })).toThrow('longer than 1 MiB')
})

test('lines are shown short, on one line', () => {
  expect(shown(Buffer.from('{"a":"b"}\r\u0007'))).toBe('{"a":"b"}\\r\\u0007')
  expect(shown(Buffer.from('x'.repeat(300)))).toBe(`${'x'.repeat(200)}… (300 bytes)`)
})
