import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { analyse } from '../src/monitor/analysis.ts'
import { readCapture } from '../src/monitor/read.ts'
import type { Driven } from './fixtures/monitor/drivers/driven.ts'

const folder = `${import.meta.dirname}/fixtures/monitor`

/** Captures of the real libraries (fixtures/monitor/make.ts), beside what their drivers know that they did. */
const expected = {
  'set-nx': ['set-nx', 'certain'],
  'setnx-expire': ['setnx-expire', 'likely'],
  'redlock-4': ['redlock', 'certain'],
  'redlock-5': ['redlock', 'certain'],
  'redis-semaphore': ['redis-semaphore', 'certain'],
  reference: ['reference', 'certain'],
  'redis-py': ['redis-py', 'certain'],
  redisson: ['redisson', 'certain'],
}

describe.each(Object.entries(expected))('a capture of %s', (name, [pattern, sure]) => {
  const driven = JSON.parse(readFileSync(`${folder}/${name}.json`, 'utf8')) as Driven
  const keys = [...new Set(driven.holds.map(({ key }) => key))]
  const locksOf = async () => {
    const { capture } = await readCapture(`${folder}/${name}.log.gz`, () => {})
    // What a driver did to warm up has keys of its own.
    return analyse(capture, name).locks.filter(({ key }) => keys.includes(key.replace(/^mutex:/, '')))
  }

  it('is recognised', async () => {
    const locks = await locksOf()
    expect(locks.map((lock) => [lock.pattern.name, lock.pattern.sure])).toEqual(keys.map(() => [pattern, sure]))
  })

  it('has the acquisitions, attempts and renewals that its driver counted', async () => {
    const locks = await locksOf()
    const sum = (count: 'attempts' | 'acquisitions' | 'renewals') =>
      locks.reduce((all, { counts }) => all + counts[count], 0)
    expect({ attempts: sum('attempts'), acquisitions: sum('acquisitions') }).toEqual({
      attempts: driven.attempts,
      acquisitions: driven.acquisitions,
    })
    if (driven.renewals !== undefined) expect(sum('renewals')).toBe(driven.renewals)
  })

  it('has every hold in its order, and between the least and the most that its driver can know of it', async () => {
    const locks = await locksOf()
    const wrong = locks.flatMap(({ key, order }) => {
      const mine = driven.holds.filter((hold) => hold.key === key.replace(/^mutex:/, ''))
      expect(order.map(({ end }) => end)).toEqual(mine.map(() => 'released'))
      return order
        .map(({ heldMs }, index) => ({ index, heldMs: heldMs!, ...mine[index]! }))
        .filter(({ heldMs, ms, atMostMs }) => heldMs <= ms || heldMs >= atMostMs)
    })
    // Without a margin: MONITOR's stamp is of the server's own time between the command's arrival and its answer, on the same machine.
    expect(wrong).toEqual([])
    expect(locks.flatMap(({ order }) => order)).toHaveLength(driven.holds.length)
  })
})
