import { existsSync } from 'node:fs'
import { lstat, mkdir, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { Events } from '../history/event-table.ts'
import { writeHistory } from '../history/reader.ts'
import { EnvironmentError } from '../lib/failure.ts'
import type { Plan } from '../plan/scenario.ts'
import { recordFile, recordText, type Seen } from '../past/record.ts'
import { html } from './html.ts'
import { reporters } from './index.ts'
import { matrixPage } from './matrix-page.ts'
import { readNodeLogs } from './node-logs.ts'
import type { Report } from './report.ts'
import type { Reporter } from './reporter.ts'

/** The one writer of a report's folder, `<root>/<time>-<scenario>-<topology>-<lock>/`. */
export interface ReportFolder {
  /** As the root was given: relative stays relative, for people to copy. */
  path: string
  /** For the nodes', servers' and programs' logs; exists. */
  logs: string
  /**
   * Writes every reporter's file, the merged history, which takes the place of the drill's raw `history/`, and beside it what else judging needs
   * (past/record.ts).
   */
  write(input: { report: Report; record: Seen; control?: Report['control'] }): Promise<void>
  /**
   * Lets `<root>/latest` point here, in one step, so that a reader sees the old or the new one. False where something that is not a
   * link of ours has that name: it stays.
   */
  pointLatest(): Promise<boolean>
}

/** Drills that start in one second differ by a counter; more than this is somebody's endless loop. */
const sameNameMax = 1000

/**
 * Makes the folder, before anything expensive starts, and puts the plan into it. Throws an EnvironmentError where it cannot be written.
 */
export async function openReportFolder(root: string, plan: Plan, startedAt: Date): Promise<ReportFolder> {
  try {
    await makeFolders(root)
    const path = await makeUnique(join(root, folderName(plan, startedAt)))
    const logs = join(path, 'logs')
    await mkdir(logs)
    await writeFile(join(path, 'plan.json'), `${JSON.stringify(plan, null, 2)}\n`)
    return {
      path,
      logs,
      write: ({ report, record, control }) =>
        explained(path, async () => {
          await Promise.all([
            writeHistory(join(path, 'history.ndjson.gz'), record.events),
            writeFile(join(path, recordFile), recordText(record, control)),
            writeReports(path, standing, { report, plan, events: record.events }),
          ])
          await rm(join(path, 'history'), { recursive: true, force: true })
        }),
      pointLatest: () => explained(root, () => pointLatest(root, path)),
    }
  } catch (error) {
    throw explain(root, error)
  }
}

/**
 * As mkdir's `recursive`, which does not come back where the system says that there is no such place (/proc/x): Node 24 asks for ever.
 */
export async function makeFolders(path: string): Promise<void> {
  const missing: string[] = []
  for (let at = resolve(path); !existsSync(at); at = dirname(at)) missing.unshift(at)
  for (const each of missing)
    await mkdir(each).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error
    })
}

/** `20261121-090000-oversell-single-reference`, time in UTC as in the report. */
export function folderName(plan: Plan, startedAt: Date): string {
  const time = startedAt.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')
  return [time, plan.name, plan.topology.kind, plan.lock.name].map(safeName).join('-')
}

/** What every file system and shell takes without quoting; a lock may be called `stdio:java -jar lock.jar`. */
function safeName(name: string): string {
  const safe = name
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replaceAll(/^[-.]+|[-.]+$/g, '')
    .slice(0, 60)
  return safe === '' ? 'unnamed' : safe
}

/** Two drills may start in the same second: making the folder is the check. */
async function makeUnique(wanted: string): Promise<string> {
  for (let counter = 1; counter <= sameNameMax; counter++) {
    const path = counter === 1 ? wanted : `${wanted}-${counter}`
    try {
      await mkdir(path)
      return path
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
    }
  }
  throw new EnvironmentError(`${wanted} and ${sameNameMax} more of that name exist already; remove some of them`)
}

/** What every drill writes; the others are made where somebody asks for them (`picklock report`). */
const standing = Object.values<Reporter>(reporters).filter(({ onDemand }) => !onDemand)

/** Writes the files of some reporters into a folder. Throws an EnvironmentError where it cannot be written. */
export async function writeReports(
  path: string,
  some: readonly Reporter[],
  input: { report: Report; plan: Plan; events: Events },
): Promise<void> {
  const logs = await readNodeLogs(path, new Date(input.report.startedAt))
  await explained(path, () =>
    Promise.all(some.map((reporter) => writeFile(join(path, reporter.file), reporter.render({ ...input, logs })))),
  )
}

/** Writes `<root>/index.html` over the drills of one run, each cell a link to its report; takes the place of an earlier run's. → its path */
export async function writeMatrix(
  root: string,
  drills: readonly { report: Report; folder: string }[],
): Promise<string> {
  const path = join(root, 'index.html')
  const entries = drills.map(({ report, folder }) => ({ report, href: `${basename(folder)}/${html.file}` }))
  await explained(root, () => writeFile(path, matrixPage(entries)))
  return path
}

async function pointLatest(root: string, path: string): Promise<boolean> {
  const latest = join(root, 'latest')
  const present = await lstat(latest).catch(() => undefined)
  if (present !== undefined && !present.isSymbolicLink()) return false
  const fresh = join(root, `.latest-${process.pid}-${basename(path)}`)
  await symlink(basename(path), fresh)
  try {
    await rename(fresh, latest)
  } catch (error) {
    await unlink(fresh)
    throw error
  }
  return true
}

export async function explained<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    throw explain(path, error)
  }
}

const causes: Record<string, string> = {
  ENOENT: 'no folder can be made there',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  EEXIST: 'a file of that name is in the way',
  ENOTDIR: 'a file of that name is in the way',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  ENAMETOOLONG: 'the path is too long',
}

function explain(path: string, error: unknown): unknown {
  const cause = causes[codeOf(error) ?? '']
  if (cause === undefined) return error
  return new EnvironmentError(`cannot write the report to ${path}: ${cause}; choose another place with --out`)
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
}
