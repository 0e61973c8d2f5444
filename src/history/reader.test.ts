import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Event, PhaseEvent } from './event.ts'
import { readHistory, writeHistory } from './reader.ts'
import { line } from './recorder.ts'

let folder: string
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'picklock-reader-'))))
afterEach(() => rm(folder, { recursive: true, force: true }))

const at = (t: number, process = 'a'): PhaseEvent => ({ t, process, type: 'info', f: 'phase', phase: 'load' })
const write = (name: string, text: string) => writeFile(join(folder, name), text)
const lines = (...events: object[]) => events.map((event) => JSON.stringify(event) + '\n').join('')

test('merges the files of a folder by time, and keeps the order of one moment', async () => {
  await write('server-1.ndjson', lines(at(1, 'x'), at(5, 'x'), { ...at(5, 'x'), phase: 'end' }))
  await write('controller.ndjson', lines(at(3, 'y'), at(5, 'y')))
  await write('server-1.log', 'no history')
  const { events, notes } = await readHistory(folder)
  expect([...events].map(({ t, process }) => `${t}${process}`)).toEqual(['1x', '3y', '5y', '5x', '5x'])
  expect(events.at(-1)).toMatchObject({ phase: 'end' })
  expect(notes).toEqual([])
})

test('a cut last line is left out, with a note', async () => {
  await write('server-1.ndjson', lines(at(1), at(2)) + '{"t":3,"process":"ser')
  const { events, notes } = await readHistory(folder)
  expect([...events].map(({ t }) => t)).toEqual([1, 2])
  expect(notes).toEqual(['server-1.ndjson:3 is cut or no event, and was left out'])
})

test('a whole last line without its newline is read', async () => {
  await write('a.ndjson', lines(at(1)) + JSON.stringify(at(2)))
  expect((await readHistory(folder)).events.length).toBe(2)
})

test('a line may hold any character, and be cut anywhere between two reads', async () => {
  const odd = { ...at(1), error: 'ünïcödé \u2028 line\nbreak 🔒'.repeat(40_000) }
  await write('a.ndjson', lines(odd, at(2)))
  const { events, notes } = await readHistory([join(folder, 'a.ndjson')])
  expect(events.at(0)).toEqual(odd)
  expect(events.length).toBe(2)
  expect(notes).toEqual([])
})

test('a merged history can be written and read again, and says where it was cut', async () => {
  const file = join(folder, 'history.ndjson.gz')
  const events = Array.from({ length: 20_000 }, (_, t) => at(t, `process-${t * 7919}`))
  await writeHistory(file, events)
  expect(
    gunzipSync(await readFile(file))
      .toString()
      .split('\n'),
  ).toHaveLength(20_001)
  const whole = await readHistory(file)
  expect({ ...whole, events: [...whole.events] }).toEqual({ events, notes: [], damage: 'none' })

  await truncate(file, (await readFile(file)).length - 100)
  const cut = await readHistory(file)
  expect(cut.events.length).toBeGreaterThan(10_000)
  expect(cut.notes).toContain('history.ndjson.gz ends in the middle of its compressed data')
  expect(cut.damage).toBe('end')
})

test('calls and keys are read whole, wherever a piece of the file ends', async () => {
  const file = join(folder, 'history.ndjson')
  const events = Array.from({ length: 4000 }, (_, op): Event[] => {
    const call = { process: `server-${op % 3}/vu-1`, f: 'acquire', op, key: 'k'.repeat(1 + (op % 7)) } as const
    return [
      { t: op * 10, ...call, type: 'invoke', ttlMs: 2700, waitMs: 5000 },
      { t: op * 10 + 1, process: 'redis-1', type: 'info', f: 'key', event: 'set', key: call.key },
      { t: op * 10 + 2, ...call, type: 'ok', token: 't'.repeat(op % 50), fence: String(op), validForMs: op / 8 },
      { t: op * 10 + 3, ...call, f: 'release', type: 'ok', grant: op, error: 'ünïcödé' },
    ]
  }).flat()
  await writeFile(file, events.map((event) => line(event, event.t)).join(''))
  const { events: found, notes } = await readHistory(file)
  expect([...found]).toStrictEqual(events)
  expect(notes).toEqual([])
})

test('nothing to read is one sentence', async () => {
  await expect(readHistory(join(folder, 'missing'))).rejects.toThrow(
    `there is no history at ${join(folder, 'missing')}`,
  )
  await expect(readHistory(folder)).rejects.toThrow('holds no .ndjson or .ndjson.gz file')
})

test('what is no event of ours is left out, and one sentence tells of all of it', async () => {
  const strange = [
    '{"t":3,"process":"a","type":"ok","f":"teleport"}',
    '{"t":3,"process":"a","type":"perhaps","f":"phase","phase":"load"}',
    '{"t":"3","process":"a","type":"info","f":"phase","phase":"load"}',
    '{"t":3,"process":"a","type":"ok","f":"acquire","op":-1,"key":"stock:7"}',
    '{"t":3,"process":"a","type":"ok","f":"acquire","op":1}',
    'null',
    '[]',
    'Segmentation fault',
  ].join('\n')
  await write('a.ndjson', `${lines(at(1))}${strange}\n${lines(at(2))}`)
  const { events, notes } = await readHistory(folder)
  expect([...events].map(({ t }) => t)).toEqual([1, 2])
  expect(notes).toEqual([
    '2 lines of a.ndjson are of a kind that is not known, and were left out; the first is a.ndjson:2',
    '6 lines of a.ndjson are cut or no events, and were left out; the first is a.ndjson:4',
  ])
})

test('a clock that went backwards is told; a death that was noticed late is none', async () => {
  const down = { t: 1e9, process: 'controller', type: 'info', f: 'topology', event: 'down', node: 'server-1' }
  await write('controller.ndjson', lines(at(5e9), down))
  expect((await readHistory(folder)).notes).toEqual([])
  await write('server-1.ndjson', lines(at(8e9), at(2e9), at(1e9)))
  const { events, notes } = await readHistory(folder)
  expect(events.length).toBe(5)
  expect(notes).toEqual([
    'server-1.ndjson:2 is 6.0 s before what stands above it: a clock went backwards, and what was when is not known',
  ])
})

test('compressed data that was overwritten in the middle', async () => {
  const file = join(folder, 'history.ndjson.gz')
  await writeHistory(
    file,
    Array.from({ length: 20_000 }, (_, t) => at(t, `process-${t * 7919}`)),
  )
  const bytes = await readFile(file)
  await writeFile(file, bytes.fill(0xff, bytes.length / 2))
  const { events, notes, damage } = await readHistory(file)
  expect(damage).toBe('middle')
  expect(events.length).toBeGreaterThan(1000)
  expect(notes.join()).toContain('history.ndjson.gz is damaged in the middle of its compressed data')
})
