import { expect, test } from 'vitest'
import { Works } from './works.ts'

test('closing waits for what has begun, and begins nothing more', async () => {
  const works = new Works()
  expect([works.begin(), works.begin()]).toEqual([true, true])
  let closed = false
  const closing = works.close(60_000).then(() => (closed = true))
  expect(works.begin()).toBe(false)
  works.end()
  await new Promise((resolve) => setImmediate(resolve))
  expect(closed).toBe(false)
  works.end()
  await closing
})

test('with nothing under way it closes at once; a work that never ends holds up nobody for ever', async () => {
  await new Works().close(60_000)
  const works = new Works()
  works.begin()
  await works.close(10)
})
