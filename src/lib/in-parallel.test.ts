import { expect, test } from 'vitest'
import { inParallel } from './in-parallel.ts'

const collect = async <T>(results: AsyncGenerator<T>) => {
  const all: T[] = []
  for await (const one of results) all.push(one)
  return all
}

test('at most `jobs` at once, and all of them', async () => {
  let running = 0
  let most = 0
  const results = await collect(
    inParallel([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
      most = Math.max(most, ++running)
      await new Promise((done) => setImmediate(done))
      running--
      return item * 10
    }),
  )
  expect(most).toBe(3)
  expect(results.toSorted((a, b) => a - b)).toEqual([10, 20, 30, 40, 50, 60, 70])
})

test('one job keeps the order', async () => {
  expect(await collect(inParallel(['a', 'b', 'c'], 1, (item) => Promise.resolve(item)))).toEqual(['a', 'b', 'c'])
})

test('a failure: nothing new begins, what runs comes to its end and is yielded, then the failure is thrown', async () => {
  const begun: number[] = []
  const yielded: number[] = []
  const consume = async () => {
    const results = inParallel([1, 2, 3, 4], 2, async (item) => {
      begun.push(item)
      if (item === 1) throw new Error('no such thing')
      await new Promise((done) => setImmediate(done))
      return item
    })
    for await (const one of results) yielded.push(one)
  }
  await expect(consume()).rejects.toThrow('no such thing')
  expect(begun).toEqual([1, 2])
  expect(yielded).toEqual([2])
})

test('a consumer that goes away waits for what runs', async () => {
  const ended: number[] = []
  for await (const one of inParallel([1, 2, 3], 2, async (item) => {
    if (item === 2) await new Promise((done) => setTimeout(done, 20))
    ended.push(item)
    return item
  }))
    if (one === 1) break
  expect(ended).toEqual([1, 2])
})
