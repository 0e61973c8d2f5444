import { Writable } from 'node:stream'
// CommonJS without names that Node could see.
import xterm from '@xterm/headless'
import { expect, test } from 'vitest'
import { nothingYet } from '../server/messages.ts'
import { amongOthers, progressOn } from './progress.ts'

/** A terminal that shows what was written to it, and can be made narrower as a person does it. */
function terminal(columns: number) {
  const screen = new xterm.Terminal({ cols: columns, rows: 30, allowProposedApi: true })
  const stream = new Writable({
    write: (data: Buffer, _, done) => screen.write(data.toString().replaceAll('\n', '\r\n'), done),
  }) as Writable & { isTTY: true; columns: number }
  stream.isTTY = true
  stream.columns = columns
  return {
    stream,
    resize(to: number) {
      screen.resize(to, 30)
      stream.columns = to
    },
    async rows() {
      await new Promise<void>((done) => screen.write('', done))
      const lines = Array.from({ length: screen.buffer.active.length }, (_, at) => screen.buffer.active.getLine(at)!)
      return lines
        .map((line) => line.translateToString(true))
        .join('\n')
        .trimEnd()
        .split('\n')
    },
  }
}

const quietly = { verbose: false, color: 0 } as const
const tick = (elapsedMs: number, more: object = {}) => ({
  ...nothingYet,
  acquired: elapsedMs / 20,
  contended: 11,
  holding: ['stock:1', 'stock:2'],
  elapsedMs,
  totalMs: 12_000,
  damage: ['3 overlaps', '5 units oversold'],
  ...more,
})

async function drill(columns: number): Promise<string[]> {
  const { stream, rows } = terminal(columns)
  const progress = progressOn(stream, quietly)
  progress.title('primary-kill · sentinel · set-nx · seed 42 · lock under test')
  progress.phase('load')
  progress.tick(tick(2_000, { damage: [] }))
  progress.fault('3.023 s kill redis-1: landed (redis-1 (pid 15553) gone)')
  progress.tick(tick(4_540))
  return rows()
}

test('a wide terminal: all of it in one line, under what has happened', async () => {
  expect(await drill(120)).toMatchInlineSnapshot(`
    [
      "▸ primary-kill · sentinel · set-nx · seed 42 · lock under test",
      "  ⚡ 3.023 s kill redis-1: landed (redis-1 (pid 15553) gone)",
      "  load ███████░░░░░░░░░░░ 4.54 s of 12.0 s · 227 granted · 50/s · 2 held · 11 contended · 3 overlaps · 5 units oversold",
    ]
  `)
})

test('80 and 40 columns: what matters most stays, and nothing is broken in a word', async () => {
  expect(await drill(80)).toMatchInlineSnapshot(`
    [
      "▸ primary-kill · sentinel · set-nx · seed 42 · lock under test",
      "  ⚡ 3.023 s kill redis-1: landed (redis-1 (pid 15553) gone)",
      "  load 4.54 s of 12.0 s · 227 granted · 50/s · 3 overlaps · 5 units oversold",
    ]
  `)
  expect(await drill(40)).toMatchInlineSnapshot(`
    [
      "▸ primary-kill · sentinel · set-nx ·",
      "  seed 42 · lock under test",
      "  ⚡ 3.023 s kill redis-1: landed",
      "    (redis-1 (pid 15553) gone)",
      "  load 4.54 s of 12.0 s · 3 overlaps",
    ]
  `)
})

test('a terminal that is made narrower and wider while the line stands keeps no rest of it', async () => {
  const { stream, rows, resize } = terminal(120)
  const progress = progressOn(stream, quietly)
  progress.say('what was said before')
  progress.phase('load')
  progress.tick(tick(1_000))
  await rows()
  for (const [step, columns] of [50, 37, 21, 90, 33, 120].entries()) {
    resize(columns)
    progress.tick(tick(2_000 + 200 * step))
    const shown = await rows()
    expect(shown.filter((row) => row.includes('load'))).toHaveLength(1)
    expect(shown.at(-1)).toContain('load')
    expect(shown.join('')).toContain('what was said before'.slice(0, columns))
    expect(shown.length).toBeLessThanOrEqual(2)
  }
})

test('cleared, nothing of it is left', async () => {
  const { stream, rows } = terminal(80)
  const progress = progressOn(stream, quietly)
  progress.phase('load')
  progress.clear()
  expect(await rows()).toEqual([''])
})

test('what strangers say does not move the cursor', async () => {
  const { stream, rows } = terminal(60)
  const progress = progressOn(stream, quietly)
  progress.say('first')
  progress.fault('\u001b[2J\u001b[Hkey \u0007\r evil')
  progress.tick(tick(1_000, { damage: ['\u001b[1A1 overlap'] }))
  const shown = await rows()
  expect(shown[0]).toBe('first')
  expect(shown[1]).toContain('evil')
})

function lines(verbose: boolean) {
  const written: string[] = []
  const stream = new Writable({
    write(data: Buffer, _, done) {
      written.push(data.toString())
      done()
    },
  })
  return { written, progress: progressOn(stream, { verbose, color: 0 }) }
}

test('elsewhere there are whole lines: no ticks, no escapes, and nobody has damage counted', () => {
  const { written, progress } = lines(false)
  expect(progress.live).toBe(false)
  progress.title('oversell')
  progress.phase('load')
  progress.tick(tick(1_000))
  progress.status('1 of 2 drills over')
  progress.fault('1.000 s kill redis-1: landed')
  progress.detail('redis-1 is 127.0.0.1:1')
  progress.clear()
  expect(written.join('')).toBe('▸ oversell\n  load\n  ⚡ 1.000 s kill redis-1: landed\n')
})

test('verbose says the details too', () => {
  const { written, progress } = lines(true)
  progress.detail('redis-1 is 127.0.0.1:1')
  expect(written).toEqual(['    redis-1 is 127.0.0.1:1\n'])
})

test('one of several drills says whose its lines are, above the line that tells how far they are', async () => {
  const { stream, rows } = terminal(80)
  const shared = progressOn(stream, quietly)
  const one = amongOthers(shared, '1 of 2 · herd')
  one.title('')
  shared.status('0 of 2 drills over, 1 under way')
  one.phase('load')
  one.tick(tick(1_000))
  one.fault('2.000 s latency: landed')
  expect(await rows()).toEqual([
    '▸ 1 of 2 · herd',
    '  ⚡ 1 of 2 · herd: 2.000 s latency: landed',
    '  0 of 2 drills over, 1 under way',
  ])
})
