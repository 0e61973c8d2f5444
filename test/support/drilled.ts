import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { report as reportSchema, type Report } from '../../src/reporters/report.ts'

const cli = resolve(import.meta.dirname, '../../src/cli.ts')

/** Runs a drill as a user would, by the command line in a folder that the caller removes, and gives the reports, one a lock. Exit codes are not looked at. */
export async function drilled(folder: string, locks: string, scenario: string): Promise<Report[]> {
  const [, name = 'a-drill'] = /^name: (.*)$/m.exec(scenario) ?? []
  const file = join(folder, `${name}.yaml`)
  await writeFile(file, scenario)
  const words = ['run', file, '--lock', locks, '--format', 'json', '--quiet', '--seed', '7']
  const child = spawn(process.execPath, [cli, ...words], { cwd: folder })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()))
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()))
  await new Promise((done) => child.on('close', done))
  if (stdout === '') throw new Error(`no report: ${stderr}`)
  return z.array(reportSchema).parse(JSON.parse(stdout))
}
