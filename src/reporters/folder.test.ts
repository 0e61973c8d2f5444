import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { plan, validExample } from '../../test/support/reports.ts'
import { EnvironmentError } from '../lib/failure.ts'
import { folderName, openReportFolder, writeMatrix } from './folder.ts'

const startedAt = new Date('2026-11-21T09:00:00.123Z')

async function temporary(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'picklock-reports-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

test('the folder exists with the plan before the drill, and holds everything after it', async () => {
  const root = join(await temporary(), 'reports')
  const example = validExample()
  const folder = await openReportFolder(root, example.plan, startedAt)
  expect(folder.path).toBe(join(root, '20261121-090000-oversell-single-reference'))
  expect((await readdir(folder.path)).toSorted()).toEqual(['logs', 'plan.json'])
  expect(JSON.parse(await readFile(join(folder.path, 'plan.json'), 'utf8'))).toEqual(example.plan)

  await mkdir(join(folder.path, 'history'))
  await writeFile(join(folder.path, 'history', 'server-1.ndjson'), '')
  await folder.write({
    report: example.report,
    record: { startedAt, durationMs: 9123, notes: [], damage: undefined, versions: {}, events: example.events },
  })
  expect((await readdir(folder.path)).toSorted()).toEqual([
    'history.ndjson.gz',
    'junit.xml',
    'logs',
    'metrics.txt',
    'plan.json',
    'record.json',
    'report.html',
    'report.json',
    'summary.md',
  ])
  const lines = gunzipSync(await readFile(join(folder.path, 'history.ndjson.gz')))
    .toString()
    .trimEnd()
    .split('\n')
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(example.events)
})

test('names are safe for every file system, however the lock is called', () => {
  const name = (lock: string) => folderName(plan(lock, 'redlock'), startedAt)
  expect(name('stdio:java -jar "../../lock.jar"')).toBe(
    '20261121-090000-oversell-redlock-stdio-java--jar-..-..-lock.jar',
  )
  expect(name('../..')).toBe('20261121-090000-oversell-redlock-unnamed')
  expect(name('자물쇠')).toBe('20261121-090000-oversell-redlock-unnamed')
  expect(name('x'.repeat(500)).length).toBeLessThan(120)
})

test('drills of one second get folders of their own, also at once', async () => {
  const root = await temporary()
  const folders = await Promise.all([1, 2, 3].map(() => openReportFolder(root, plan('naive', 'single'), startedAt)))
  expect(folders.map(({ path }) => path.slice(root.length + 1)).toSorted()).toEqual([
    '20261121-090000-oversell-single-naive',
    '20261121-090000-oversell-single-naive-2',
    '20261121-090000-oversell-single-naive-3',
  ])
})

test('latest points to the newest, and never takes the place of something that is no link', async () => {
  const root = await temporary()
  for (const lock of ['naive', 'reference']) {
    const folder = await openReportFolder(root, plan(lock, 'single'), startedAt)
    expect(await folder.pointLatest()).toBe(true)
    expect(await readlink(join(root, 'latest'))).toBe(`20261121-090000-oversell-single-${lock}`)
  }
  expect((await readdir(root)).filter((name) => name.startsWith('.'))).toEqual([])

  await rm(join(root, 'latest'))
  await writeFile(join(root, 'latest'), 'mine')
  const folder = await openReportFolder(root, plan('naive', 'single'), startedAt)
  expect(await folder.pointLatest()).toBe(false)
  expect(await readFile(join(root, 'latest'), 'utf8')).toBe('mine')
})

test('a place that cannot be written is one sentence', async () => {
  const root = await temporary()
  await writeFile(join(root, 'file'), '')
  for (const place of ['file', 'file/below']) {
    const opening = openReportFolder(join(root, place), plan('naive', 'single'), startedAt)
    await expect(opening).rejects.toThrow(EnvironmentError)
    await expect(opening).rejects.toThrow(/^cannot write the report to .*: a file of that name is in the way; .*--out$/)
  }
  const long = openReportFolder(join(root, 'x'.repeat(300)), plan('naive', 'single'), startedAt)
  await expect(long).rejects.toThrow(/the path is too long/)
  // Nothing can be made below a device, nor (on Linux) below /proc, where mkdir's `recursive` never comes back.
  const nowhere = openReportFolder(
    existsSync('/proc/self') ? '/proc/picklock' : '/dev/null/x',
    plan('naive', 'single'),
    startedAt,
  )
  await expect(nowhere).rejects.toThrow(EnvironmentError)
})

test('over several drills there is a page that links to each report', async () => {
  const root = await temporary()
  const { report } = validExample()
  const path = await writeMatrix(root, [
    { report, folder: join(root, 'a-single') },
    { report: { ...report, topology: 'sentinel' }, folder: join(root, 'b-sentinel') },
  ])
  expect(path).toBe(join(root, 'index.html'))
  const page = await readFile(path, 'utf8')
  expect(page).toContain('href="./a-single/report.html"')
  expect(page).toContain('href="./b-sentinel/report.html"')
})
