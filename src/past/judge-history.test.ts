import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { history, hold } from '../../test/support/history.ts'
import type { Event } from '../history/event.ts'
import { readHistory, writeHistory } from '../history/reader.ts'
import { judgeHistory } from './judge-history.ts'

const events = history(
  hold({ op: 1, process: 'server-1', at: 10, until: 30 }),
  hold({ op: 2, process: 'server-2', at: 20, until: 40 }),
)

test('a file, what was read of it, and events in any order, also those that nobody may change, are judged alike', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'picklock-history-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = join(folder, 'history.ndjson.gz')
  await writeHistory(file, events)
  const frozen: readonly Event[] = Object.freeze(events.toReversed().map((event) => Object.freeze(event)))
  for (const given of [file, (await readHistory(file)).events, frozen]) {
    const { verdict, counts, notJudged } = await judgeHistory(given)
    expect([verdict, counts['overlaps'], Object.keys(notJudged)]).toEqual([
      'invalid',
      1,
      expect.arrayContaining(['oversold', 'leaked_keys']),
    ])
  }
})
