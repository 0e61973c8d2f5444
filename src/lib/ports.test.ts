import { createServer } from 'node:net'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { blockStarts, Ports } from './ports.ts'

test('blocks lie below the ephemeral range', () => {
  const starts = blockStarts([32_768, 60_999])
  expect(starts[0]).toBe(10_000)
  expect(starts.at(-1)).toBe(32_600)
  expect(starts).toHaveLength(227)
})

test('where there is no room below, blocks lie above', () => {
  const starts = blockStarts([1024, 60_999])
  expect(starts[0]).toBe(61_000)
  expect(starts.at(-1)).toBe(65_400)
})

test('where the whole range is ephemeral, blocks lie anywhere', () => {
  expect(blockStarts([1024, 65_535])).toHaveLength(555)
})

test('two drills at once get blocks of their own', async () => {
  await using one = await Ports.open()
  await using other = await Ports.open()
  const block = (port: number) => Math.floor(port / 100)
  expect(block(await one.next())).not.toBe(block(await other.next()))
})

test('ports asked for at once differ, a taken one is skipped, and a second block follows the first', async () => {
  await using ports = await Ports.open()
  const first = await ports.next()
  const stranger = createServer().listen(first + 1, '127.0.0.1')
  await once(stranger, 'listening')
  const rest = await Promise.all(Array.from({ length: 150 }, () => ports.next()))
  stranger.close()
  const all = [first, ...rest]
  expect(new Set(all).size).toBe(151)
  expect(all).not.toContain(first + 1)
  expect(new Set(all.map((port) => Math.floor(port / 100))).size).toBe(2)
})

test('after its end another drill may claim the block', async () => {
  const ports = await Ports.open()
  const guard = Math.floor((await ports.next()) / 100) * 100
  await ports[Symbol.asyncDispose]()
  const server = createServer().listen(guard, '127.0.0.1')
  await once(server, 'listening')
  server.close()
})
