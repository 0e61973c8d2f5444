import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Tail } from './tail.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'picklock-tail-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const line = (t: number) => `{"t":${t},"process":"controller","type":"info","f":"phase","phase":"load"}\n`
const times = (tail: Tail) => tail.read().map(({ t }) => t)

test('each call gives what was appended since, whole lines only, of files that appear later too', async () => {
  using tail = new Tail(folder)
  expect(times(tail)).toEqual([])
  const [one, two] = [join(folder, 'controller.ndjson'), join(folder, 'server-1.ndjson')]
  await writeFile(one, line(1) + line(2).slice(0, 20))
  expect(times(tail)).toEqual([1])
  await appendFile(one, line(2).slice(20) + line(3))
  await writeFile(two, line(4))
  await writeFile(join(folder, 'notes.txt'), 'no history')
  expect(times(tail)).toEqual([2, 3, 4])
  expect(times(tail)).toEqual([])
})

test('more than fits into one read', async () => {
  const long = join(folder, 'server-2.ndjson')
  await writeFile(long, Array.from({ length: 20_000 }, (_, index) => line(index)).join(''))
  using tail = new Tail(folder)
  expect(times(tail).filter((t) => t >= 10).length).toBe(19_990)
})
