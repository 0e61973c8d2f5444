import { spawn } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { stringify } from 'yaml'
import { z } from 'zod'
import { report as reportSchema, type Report } from '../../src/reporters/report.ts'
import { stormScenario, type Storm } from './storm.ts'

const cli = resolve(import.meta.dirname, '../../src/cli.ts')
/** Beyond the storm itself: start, calls that come to their deadlines, heals, the audit, the verdict, on a busy machine. */
const patienceMs = 90_000

export interface Weathered {
  /** Undefined where it hung, and was killed. */
  exitCode: number | undefined
  report: Report | undefined
  /** What the drill left behind: processes, folders. */
  left: string[]
  faults: number
  tookMs: number
  stderr: string
}

/** Runs one storm as a user would, in a process with a temp folder of its own, so that what is left behind is seen. */
export async function weather(storm: Storm): Promise<Weathered> {
  const folder = await mkdtemp(join(tmpdir(), 'picklock-storm-'))
  const own = join(folder, 'tmp')
  // Postgres runs under an account of its own where we are root, and has to pass through.
  await chmod(folder, 0o711)
  await mkdir(own, { mode: 0o711 })
  const scenario = stormScenario(storm)
  await writeFile(join(folder, 'storm.yaml'), stringify(scenario))
  try {
    const beganMs = performance.now()
    const args = [cli, 'run', 'storm.yaml', '--topology', storm.topology, '--seed', String(storm.seed)]
    const child = spawn(process.execPath, [...args, '--format', 'json', '--out', 'reports'], {
      cwd: folder,
      env: { ...process.env, TMPDIR: own },
    })
    const output = { stdout: '', stderr: '' }
    child.stdout.on('data', (data: Buffer) => (output.stdout += data.toString()))
    child.stderr.on('data', (data: Buffer) => (output.stderr += data.toString()))
    const timer = setTimeout(() => child.kill('SIGKILL'), storm.durationMs + patienceMs)
    const exitCode = await new Promise<number | undefined>((done) =>
      child.on('close', (code) => done(code ?? undefined)),
    )
    clearTimeout(timer)
    const [report] = exitCode === undefined ? [] : reportsOf(output.stdout)
    const left = [...(await readdir(own)), ...(await processesWith(own))]
    const tookMs = performance.now() - beganMs
    return { exitCode, report, left, faults: (scenario['faults'] as unknown[]).length, tookMs, stderr: output.stderr }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function reportsOf(stdout: string): Report[] {
  try {
    return z.array(reportSchema).parse(JSON.parse(stdout))
  } catch {
    return []
  }
}

/** Who still runs with this text in its environment: `redis-server (pid 17)`. */
async function processesWith(text: string): Promise<string[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(
    pids.map(async (pid) => {
      const [environment, name] = await Promise.all([
        readFile(`/proc/${pid}/environ`, 'utf8').catch(() => ''),
        readFile(`/proc/${pid}/comm`, 'utf8').catch(() => ''),
      ])
      return environment.includes(text) ? [`${name.trim()} (pid ${pid})`] : []
    }),
  )
  return found.flat()
}

/** A storm may end in any verdict, but it has to end in one, and to leave nothing. */
export function complaintAbout({ exitCode, report, left, stderr }: Weathered): string | undefined {
  if (exitCode === undefined) return `it hung; its last words: ${stderr.slice(-400)}`
  if (report === undefined || ![0, 1, 4, 99].includes(exitCode))
    return `exit code ${exitCode}, ${report ? report.verdict : 'no report'}: ${stderr.slice(-600)}`
  return left.length > 0 ? `it left ${left.join(', ')}` : undefined
}
