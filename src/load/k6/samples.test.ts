import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { SampleStore } from './samples.ts'

let folder: string
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'picklock-samples-'))))
afterEach(() => rmSync(folder, { recursive: true }))

const metric = (name: string, type: string, contains: string) =>
  `{"type":"Metric","data":{"name":"${name}","type":"${type}","contains":"${contains}"},"metric":"${name}"}\n`
const point = (name: string, value: number, tags: object = {}) =>
  `${JSON.stringify({ metric: name, type: 'Point', data: { time: '2026-11-28T20:49:06Z', value, tags } })}\n`

test('what k6 writes is read as it comes, lines cut in two included', () => {
  const file = join(folder, 'samples.json')
  using store = new SampleStore(file)
  store.read()
  appendFileSync(file, metric('http_req_duration', 'trend', 'time') + metric('size', 'trend', 'default'))
  const cut = point('http_req_duration', 12.345678)
  appendFileSync(file, point('vus', 3) + point('size', 7) + cut.slice(0, 20))
  store.read()
  expect([store.vus, [...store.trends.keys()]]).toEqual([3, ['http_req_duration']])
  appendFileSync(file, cut.slice(20) + point('iterations', 1) + point('http_reqs', 1, { status: '0' }))
  appendFileSync(file, point('http_reqs', 1, { status: '201' }) + point('dropped_iterations', 4))
  store.read()
  expect([...store.trends.get('http_req_duration')!.sortedMs()]).toEqual([12.345678])
  expect([store.counters, store.undelivered, store.damage]).toEqual([
    { iterations: 1, dropped_iterations: 4, http_reqs: 2 },
    1,
    undefined,
  ])
})

test('who asks once more when it is over hears what there was', () => {
  const file = join(folder, 'samples.json')
  appendFileSync(file, point('vus', 3))
  const store = new SampleStore(file)
  store.read()
  store[Symbol.dispose]()
  appendFileSync(file, point('vus', 4))
  store.read()
  expect(store.vus).toBe(3)
})

test.each(['not json', '{"type":"Point","metric":"x"}', '{"type":"Point","metric":"x","data":{"value":"1"}}', 'null'])(
  'what is no line of k6’s is told: %s',
  (text) => {
    const file = join(folder, 'samples.json')
    appendFileSync(file, `${text}\n`)
    using store = new SampleStore(file)
    store.read()
    expect(store.damage).toContain(text)
  },
)
