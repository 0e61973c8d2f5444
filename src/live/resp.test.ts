import { expect, test } from 'vitest'
import { encode, Refusal, ReplyReader, toBytes, type Reply } from './resp.ts'

const wire = '+OK\r\n-NOPERM no\r\n:42\r\n$5\r\na\r\nbc\r\n$-1\r\n*3\r\n$1\r\nx\r\n*0\r\n:-1\r\n*-1\r\n'
const replies: Reply[] = ['OK', new Refusal('NOPERM no'), 42, 'a\r\nbc', null, ['x', [], -1], null]

test('every kind of reply, cut at every place', () => {
  for (let cut = 0; cut <= wire.length; cut++) {
    const reader = new ReplyReader()
    const read = [wire.slice(0, cut), wire.slice(cut)].flatMap((part) => [...reader.read(Buffer.from(part, 'latin1'))])
    expect(read).toEqual(replies)
    expect(reader.rest()).toHaveLength(0)
  }
})

test('byte by byte', () => {
  const reader = new ReplyReader()
  expect(Array.from(wire).flatMap((byte) => [...reader.read(Buffer.from(byte, 'latin1'))])).toEqual(replies)
})

test('keys are bytes, and go as they came', () => {
  const key = '\u0000\u00ff\r\n'
  expect(encode([['GET', key]]).toString('latin1')).toBe(`*2\r\n$3\r\nGET\r\n$4\r\n${key}\r\n`)
  expect(toBytes('락')).toBe('\u00eb\u009d\u00bd')
})

test('what is no Redis is said to be none', () => {
  const read = (text: string) => [...new ReplyReader().read(Buffer.from(text, 'latin1'))]
  expect(() => read('HTTP/1.1 400 Bad Request\r\n')).toThrow('it answers "HTTP/1.1 400 Bad Request"')
  expect(() => read('\u0015\u0003\u0001')).toThrow('it answers with the byte 0x15')
  expect(() => read('$99999999999\r\n')).toThrow('it answers a size of 99999999999')
})
