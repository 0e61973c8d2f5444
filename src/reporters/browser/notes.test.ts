import { expect, test } from 'vitest'
import type { PageData } from '../page/page-data.ts'
import { notesIn } from './notes.js'

const fault = (label: string, fromMs: number, toMs: number) => ({ label, fromMs, toMs, landed: true, healed: true })
const told = (faults: PageData['faults'], clash?: { startMs: number; text: string; allowed: boolean }) =>
  notesIn({ faults, violations: [], marks: [] } as unknown as PageData, [0], 0, 10_000, clash)

test('faults of one kind that begin and end at once are told once, others by themselves', () => {
  const notes = told([
    fault('kill redis-1', 1000, 3000),
    fault('kill redis-2', 1012, 3010),
    fault('pause redis-3', 1000, 3000),
    fault('kill redis-3', 1005, 5000),
  ])
  expect(notes.map(({ text }) => text)).toEqual([
    '⚡ kill redis-1, redis-2',
    'kill redis-1, redis-2 healed',
    '⚡ pause redis-3',
    'pause redis-3 healed',
    '⚡ kill redis-3',
    'kill redis-3 healed',
  ])
})

test('an overlap that the scenario allows is told otherwise than a violation', () => {
  const clash = { startMs: 500, text: 'both hold it, for 11 ms' }
  expect(told([], { ...clash, allowed: true })).toMatchObject([
    { kind: 'allowed', text: 'both hold it, for 11 ms: as allowed here' },
  ])
  expect(told([], { ...clash, allowed: false })).toMatchObject([{ kind: 'clash', text: '✗ both hold it, for 11 ms' }])
})
