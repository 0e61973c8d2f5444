import { expect, test } from 'vitest'
import { key, set } from '../../test/support/history.ts'
import type { KeyEvent } from '../history/event.ts'
import { anchorOf } from './anchor.ts'
import type { Hold } from './holds.ts'
import { keyRecord } from './key-record.ts'

/** A grant of `token-1`, asked for at 1000 and answered at 2000. */
const grant = { key: 'stock:7', token: 'token-1', invokeNs: 1000e6, startNs: 2000e6 } as Hold

/** What the record takes for its write: the event and its time in ms. */
function anchor(...events: (KeyEvent | KeyEvent[])[]): string | undefined {
  const track = keyRecord(events.flat(), ['stock:7'], { tokens: () => ['token-1'], isHeld: () => true }).track(
    'redis-1',
    'stock:7',
  )
  const at = anchorOf(track, grant)
  const event = at === undefined ? undefined : track!.events[at]
  return event && `${event.event} ${event.t / 1e6}`
}
const ours = (t: number) => set('redis-1', t, 'token-1')
const bare = (t: number) => key('redis-1', t, 'set')
const gone = (t: number, how = 'del') => key('redis-1', t, how)

test('the last write before the answer that a sample shows to be ours, or the first one soon after it', () => {
  expect(anchor(ours(900), gone(950), ours(1900))).toBe('set 1900')
  expect(anchor(set('redis-1', 1500, 'token-2'), gone(1990), ours(2020))).toBe('set 2020')
  expect(anchor(ours(900))).toBe(undefined)
})

test('what was found after a gap', () => {
  const found = key('redis-1', 1801, 'sample', 'stock:7', { value: 'token-1', pttlMs: 2000 })
  expect(anchor(gone(990), key('redis-1', 1500, 'gap', ''), key('redis-1', 1800, 'resync', ''), found)).toBe(
    'sample 1801',
  )
})

test('a try that was taken back loses to the one that counted, with the same token, right after the answer', () => {
  // Both tries stand before the answer in the record, or the first one alone, or the second one is read late.
  expect(anchor(ours(1500), gone(1600), ours(1990))).toBe('set 1990')
  expect(anchor(ours(1500), gone(1600), ours(2030))).toBe('set 2030')
  expect(anchor(ours(1990), gone(2003), ours(2004))).toBe('set 2004')
  // Long after the answer it is another matter.
  expect(anchor(ours(1990), gone(2003), ours(2200))).toBe('set 1990')
  expect(anchor(ours(1990), gone(2003), set('redis-1', 2004, 'token-2'), gone(2010), ours(2020))).toBe('set 1990')
})

test('an orphan that expired loses to a write that was not sampled: its own poll took the key again', () => {
  expect(anchor(ours(1100), gone(1990, 'expired'), bare(2001.5), gone(2100))).toBe('set 2001.5')
  expect(anchor(ours(1100), gone(1900, 'expired'), bare(1990), gone(2100))).toBe('set 1990')
  // What nobody knows of from before it is somebody else's.
  expect(anchor(bare(1010), gone(1050), ours(1100), gone(1990))).toBe('set 1100')
})

test('where samples are missing a write may be read late, but not that late', () => {
  expect(anchor(bare(2180))).toBe('set 2180')
  expect(anchor(bare(2300))).toBe(undefined)
})
