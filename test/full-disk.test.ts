import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

/** Reports on a file system of a few hundred kilobytes, which is there for one command only: in a mount namespace of its own. */

const cli = resolve(import.meta.dirname, '../src/cli.ts')
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'picklock-full-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Runs a shell's line with `$PICKLOCK`, in a small file system. */
function onSmallDisk(kilobytes: number, line: string) {
  const script = `mount -t tmpfs -o size=${kilobytes}k tmpfs '${folder}' && cd '${folder}' && ${line}`
  const env = { ...process.env, TMPDIR: tmpdir(), PICKLOCK: `${process.execPath} ${cli}` }
  return spawnSync('unshare', ['--mount', 'sh', '-c', script], { env, encoding: 'utf8' })
}

const probe = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { encoding: 'utf8' })
const whyNot = probe.error?.message ?? (probe.status === 0 ? undefined : probe.stderr.trim())
if (whyNot !== undefined)
  console.error(`NOT TESTED: a disk that fills during a drill; it takes root on Linux (${whyNot})`)

test.skipIf(whyNot !== undefined)(
  'a disk that fills in the middle of a drill ends it in order, with a sentence',
  () => {
    const drill = 'run herd --lock set-nx --set load.duration=30s --out reports'
    const { stdout, stderr, status } = onSmallDisk(
      400,
      `$PICKLOCK ${drill}; code=$?; rm -f reports/*/logs/*; $PICKLOCK check reports/*-herd-*; echo "then $?"; exit $code`,
    )
    expect(stderr).toMatch(/picklock: cannot write the report to reports\/.*: the disk is full; choose another place/)
    expect(stderr).toMatch(/The drill came out unknown: .*(history cannot be written)/)
    expect(status).toBe(3)
    // What was written until then is there, and says of itself that it is not whole.
    expect(stdout).toMatch(/\? UNKNOWN +herd · single · set-nx/)
    expect(stdout).toMatch(/then 4/)
  },
)

test.skipIf(whyNot !== undefined)('a disk that is full before the drill: nothing is started', () => {
  const { stderr, status } = onSmallDisk(64, 'head -c 70000 /dev/zero >full 2>&-; $PICKLOCK run herd --out reports')
  expect(stderr).toMatch(
    /^picklock: cannot write the report to reports.*: the disk is full; choose another place with --out\n$/m,
  )
  expect(stderr).not.toContain('starting')
  expect(status).toBe(3)
})
