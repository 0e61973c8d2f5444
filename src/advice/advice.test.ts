import { expect, test } from 'vitest'
import { scenariosFolder } from '../plan/index.ts'
import { planOf } from '../variants/variant.ts'
import { adviceOf, type Cell } from './advice.ts'
import { choices, type ChoiceName } from './choices.ts'
import { adviceMarkdown, adviceText } from './render.ts'
import { situations, type SituationName } from './situations.ts'
import { trades, trialOf, type Trade } from './trial.ts'

const cell = (choice: ChoiceName, situation: SituationName, more: Partial<Cell> = {}): Cell => ({
  choice,
  situation,
  damage: 0,
  damages: {},
  done: 100,
  donePerSecond: 50,
  failedShare: 0,
  request: { p50Ms: 9, p95Ms: 20, maxMs: 30 },
  reproduce: '',
  ...more,
})
const about = { workload: 'oversell', seed: 1, quick: true, versions: { redis: '7.0.15' } } as const

test('a choice is undamaged where every cell of it is known to be; the fastest is the one of a calm day', () => {
  const advice = adviceOf(
    [
      cell('none', 'calm', { damage: 9, damages: { duplicates: 9 }, donePerSecond: 900 }),
      cell('lock-single', 'calm'),
      cell('lock-single', 'outage', { damage: undefined }),
      cell('redlock', 'calm', { donePerSecond: 40 }),
      cell('redlock', 'outage', { donePerSecond: 400 }),
      cell('pessimistic', 'calm', { donePerSecond: 60 }),
    ],
    about,
  )
  expect(advice.undamaged).toEqual(['redlock', 'pessimistic'])
  expect(advice.fastest).toBe('pessimistic')
  const text = adviceText(advice, 100)
  expect(text).toContain('9 duplicate orders')
  expect(text).toContain('Not known, because a fault did not land or nothing was done: a lock on one Redis.')
  expect(adviceMarkdown(advice)).toContain('| Redlock | 3 Redis | 40 | 9.0 ms | 20 ms | 30 ms | 0 | none |')
})

test('every choice in every situation and trade is a drill that can be run', async () => {
  for (const trade of Object.keys(trades) as Trade[])
    for (const choice of Object.keys(choices) as ChoiceName[])
      for (const situation of Object.keys(situations) as SituationName[])
        await planOf(trialOf(choice, situation, { trade, durationMs: 3000 }), {
          file: './scenario.yaml',
          seed: 1,
          cwd: scenariosFolder,
        })
})
