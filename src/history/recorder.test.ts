import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { line, Recorder, type Observation } from './recorder.ts'

/** Resolves at the end of a turn, after what was recorded in it is written. */
const turn = () => new Promise((ended) => process.nextTick(setImmediate, ended))

let folder: string
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'recorder-'))))
afterEach(() => rmSync(folder, { recursive: true }))

const events: Observation[] = [
  { process: 'server-1/vu-3', type: 'invoke', f: 'acquire', op: 1, key: 'stock:7', ttlMs: 2700, waitMs: 0 },
  {
    process: 'server-1/vu-3',
    type: 'ok',
    f: 'acquire',
    op: 1,
    key: 'stock:7',
    token: 'a"b\\c\n',
    fence: '42',
    validForMs: 12.5,
  },
  {
    process: 'server-1/vu-3',
    type: 'info',
    f: 'release',
    op: 2,
    grant: 1,
    key: 'märchen',
    error: 'timed out',
    unsettled: true,
    lagNs: 3,
  },
  {
    process: 'server-1/vu-3',
    type: 'ok',
    f: 'request',
    op: 3,
    key: 'k',
    requestId: 'r-1',
    acquire: 1,
    intendedNs: 5,
    outcome: 'done',
  },
  {
    process: 'server-1/vu-3',
    type: 'info',
    f: 'request',
    op: 4,
    key: 'k',
    requestId: 'r\u2028',
    intendedNs: 5,
    outcome: 'indeterminate',
    error: '\u0000',
  },
  { process: 'controller', type: 'info', f: 'phase', phase: 'load' },
]

test.each(events)('a line is what JSON.stringify would say: $f $type', (event) => {
  const text = line(event, 123)
  expect(text.endsWith('}\n')).toBe(true)
  expect(text.indexOf('\n')).toBe(text.length - 1)
  expect(JSON.parse(text)).toEqual({ ...event, t: 123 })
})

test.each([
  0,
  1,
  999_999,
  1_000_000,
  1_000_999,
  1_001_000,
  12_000_345_006,
  2 ** 40,
  2 ** 53 - 1,
  1.5e9 + 0.5,
  -5,
  -1e9,
])('a time is spelled as it is: %s', (t) => expect(JSON.parse(line(events[0]!, t))).toMatchObject({ t }))

test('one turn is one write, in order, with the clock where no time is given', async () => {
  const file = join(folder, 'history.ndjson')
  let now = 0
  await using recorder = new Recorder(file, () => ++now)
  for (const event of events) recorder.record(event)
  recorder.record({ ...events[0]!, t: 77 })
  expect(readFileSync(file, 'utf8')).toBe('')
  await turn()
  const written = readFileSync(file, 'utf8').trimEnd().split('\n')
  expect(written.map((text) => (JSON.parse(text) as { t: number }).t)).toEqual([1, 2, 3, 4, 5, 6, 77])
})

test('a flood within one turn is written in pieces; what comes after the end is ignored', async () => {
  const file = join(folder, 'history.ndjson')
  const recorder = new Recorder(file, () => 1)
  for (let index = 0; index < 10_000; index++) recorder.record(events[0]!)
  expect(readFileSync(file, 'utf8').length).toBeGreaterThan(500_000)
  await recorder[Symbol.asyncDispose]()
  recorder.record(events[0]!)
  await turn()
  expect(readFileSync(file, 'utf8').split('\n').length).toBe(10_001)
})
