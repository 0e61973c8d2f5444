import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import type { Report } from '../../src/reporters/report.ts'

const cli = resolve(import.meta.dirname, '../../src/cli.ts')

export interface Run {
  code: number | null
  stdout: string
  stderr: string
}

/** `picklock` as a process; `stop` sends a signal, `over` resolves when it has ended. */
export function start(args: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', cli, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (data) => (stdout += String(data)))
  child.stderr.on('data', (data) => (stderr += String(data)))
  const over = new Promise<Run>((ended) => child.on('close', (code) => ended({ code, stdout, stderr })))
  return { over, stop: (signal: NodeJS.Signals) => child.kill(signal), said: () => stdout + stderr }
}

export const run = (args: string[], env?: Record<string, string>): Promise<Run> => start(args, env).over

export const reportsIn = ({ stdout, stderr }: Run): Report[] => {
  try {
    return JSON.parse(stdout) as Report[]
  } catch {
    throw new Error(`no reports: ${stderr}`)
  }
}
