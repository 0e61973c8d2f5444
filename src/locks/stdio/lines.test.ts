import { expect, test } from 'vitest'
import { pipeLag } from './lag.ts'
import { lineCutter } from './lines.ts'

function cut(maxBytes = 10) {
  const lines: string[] = []
  const tooLong: string[] = []
  const cutter = lineCutter(maxBytes, {
    line: (line) => lines.push(line.toString()),
    tooLong: (beginning) => tooLong.push(beginning.toString()),
  })
  return {
    lines,
    tooLong,
    push: (text: string) => cutter.push(Buffer.from(text)),
    rest: () => cutter.rest().toString(),
  }
}

test('lines come out whole, however they come in', () => {
  const { lines, push, rest } = cut()
  for (const piece of ['a', 'b\nc\n', '\n', 'd', '', 'e\nfgh']) push(piece)
  expect(lines).toEqual(['ab', 'c', '', 'de'])
  expect(rest()).toBe('fgh')
})

test('the limit counts a line without its newline, and ends the stream', () => {
  const { lines, tooLong, push, rest } = cut()
  push('0123456789\n')
  push('01234')
  push('567890\nnext\n')
  push('more\n')
  expect(lines).toEqual(['0123456789'])
  expect(tooLong).toEqual(['01234567890'])
  expect(rest()).toBe('')
})

test('the lag is the 99th percentile of the pings, 250 ms at most and where there are none', () => {
  const lag = pipeLag()
  expect(lag.ns()).toBe(250_000_000)
  for (let sample = 1; sample <= 200; sample++) lag.add(sample)
  expect(lag.ns()).toBe(198)
  for (let sample = 0; sample < 10; sample++) lag.add(1e9)
  expect(lag.ns()).toBe(250_000_000)
})
