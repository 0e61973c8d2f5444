import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Advice } from '../src/advice/advice.ts'

/** Several drills, on a machine that does other things as well. */
const drillsMaxMs = 180_000
const cli = resolve(import.meta.dirname, '../src/cli.ts')

async function picklock(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const cwd = await mkdtemp(join(tmpdir(), 'picklock-advise-'))
  onTestFinished(() => rm(cwd, { recursive: true, force: true }))
  return new Promise((done) => {
    execFile(process.execPath, [cli, 'advise', ...args], { cwd, maxBuffer: 1e8 }, (error, stdout, stderr) =>
      done({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    )
  })
}

test(
  'without anything there is damage, with the database none, whatever becomes of Redis',
  async () => {
    const { code, stdout } = await picklock('--quick', '--choices', 'none,pessimistic', '--format', 'json', '--quiet')
    expect(code).toBe(0)
    const { cells, undamaged, fastest } = JSON.parse(stdout) as Advice
    expect(cells.map(({ choice, situation }) => `${choice} ${situation}`)).toEqual([
      'none calm',
      'pessimistic calm',
      'none outage',
      'pessimistic outage',
    ])
    for (const { choice, damage, done } of cells) {
      expect(done).toBeGreaterThan(0)
      if (choice === 'none') expect(damage).toBeGreaterThan(0)
      else expect(damage).toBe(0)
    }
    expect({ undamaged, fastest }).toEqual({ undamaged: ['pessimistic'], fastest: 'pessimistic' })
  },
  drillsMaxMs,
)

test('a wrong name is answered with the right one', async () => {
  const { code, stdout, stderr } = await picklock('--choices', 'redlok')
  expect(stderr).toBe('picklock: there is no choice redlok; did you mean redlock?\n')
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect((await picklock('--workload', 'mutex')).code).toBe(2)
})
