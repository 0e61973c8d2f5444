import { expect, test } from 'vitest'
import { Works } from './works.ts'

test('closing waits for what has begun, and begins nothing more', async () => {
  const works = new Works()
  const work = Promise.withResolvers<string>()
  const running = works.run(() => work.promise)
  let closed = false
  const closing = works.close(60_000).then(() => (closed = true))
  expect(await works.run(() => Promise.resolve('late'))).toBeUndefined()
  expect(closed).toBe(false)
  work.resolve('done')
  expect(await running).toBe('done')
  await closing
})

test('a work that never ends holds up nobody for ever; one that throws does not either', async () => {
  const works = new Works()
  void works.run(() => new Promise<never>(() => {}))
  await expect(works.run(() => Promise.reject(new Error('torn')))).rejects.toThrow('torn')
  await works.close(10)
})
