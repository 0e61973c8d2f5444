import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'

/** Runs the shell lines of action.yml and ci/gitlab.yml as the CIs do: their own shell, their own variables, and nothing of ours. */

export interface Ran {
  exitCode: number
  /** stdout and stderr as they came. */
  output: string
  stdout: string
}

interface Step {
  id?: string
  uses?: string
  run?: string
  shell?: string
  'working-directory'?: string
  env?: Record<string, string>
  with?: Record<string, string>
}
export interface Action {
  inputs: Record<string, { description: string; default: string }>
  outputs: Record<string, { value: string }>
  runs: { using: string; steps: Step[] }
}
export interface Job {
  variables: Record<string, string>
  before_script: string[]
  script: string[]
  artifacts: { paths: string[]; reports: { junit: string } }
  cache: { paths: string[] }
}

/** The first step that fails ends it, as there; a step that uses another action is left out. */
export async function runAction(
  folder: string,
  { inputs = {}, workspace, env }: { inputs?: Record<string, string>; workspace: string; env: NodeJS.ProcessEnv },
): Promise<Ran & { summary: string; outputs: Record<string, string> }> {
  const action = parse(readFileSync(join(folder, 'action.yml'), 'utf8')) as Action
  const temp = mkdtempSync(join(tmpdir(), 'picklock-github-'))
  try {
    const files = { GITHUB_STEP_SUMMARY: join(temp, 'summary'), GITHUB_OUTPUT: join(temp, 'output') }
    const steps: Record<string, Record<string, string>> = {}
    const given = new Map<string, string>()
    for (const [name, { default: value }] of Object.entries(action.inputs))
      given.set(`inputs.${name}`, inputs[name] ?? value)
    const filled = (text: string) =>
      text.replaceAll(/\$\{\{ (.+?) \}\}/g, (_, expression: string) => {
        const [, id, output] = /^steps\.(\w+)\.outputs\.([\w-]+)$/.exec(expression) ?? []
        const value = id === undefined ? given.get(expression) : (steps[id]?.[output!] ?? '')
        if (value === undefined) throw new Error(`action.yml: what is ${expression}?`)
        return value
      })
    const ran: Ran = { exitCode: 0, output: '', stdout: '' }
    writeFileSync(files.GITHUB_STEP_SUMMARY, '')
    for (const step of action.runs.steps) {
      if (step.run === undefined || ran.exitCode !== 0) continue
      writeFileSync(files.GITHUB_OUTPUT, '')
      const script = join(temp, 'step.sh')
      writeFileSync(script, filled(step.run))
      const own = Object.entries(step.env ?? {}).map(([name, value]) => [name, filled(value)])
      const { exitCode, output, stdout } = await run('bash', ['--noprofile', '--norc', '-eo', 'pipefail', script], {
        cwd: join(workspace, filled(step['working-directory'] ?? '.')),
        env: {
          ...env,
          ...files,
          CI: 'true',
          RUNNER_TEMP: temp,
          GITHUB_ACTION_PATH: folder,
          ...Object.fromEntries(own),
        },
      })
      ran.exitCode = exitCode
      ran.output += output
      ran.stdout += stdout
      const lines = readFileSync(files.GITHUB_OUTPUT, 'utf8').split('\n').filter(Boolean)
      if (step.id !== undefined)
        steps[step.id] = Object.fromEntries(lines.map((line) => line.split('=') as [string, string]))
    }
    const outputs = Object.entries(action.outputs).map(([name, { value }]) => [name, filled(value)])
    const summary = readFileSync(files.GITHUB_STEP_SUMMARY, 'utf8')
    return { ...ran, summary, outputs: Object.fromEntries(outputs) as Record<string, string> }
  } finally {
    rmSync(temp, { recursive: true })
  }
}

export const gitlabJob = (file: string) => (parse(readFileSync(file, 'utf8')) as { picklock: Job }).picklock

/** `part`: a job's lines are one script there; here the install is run by itself, so that it is done once. */
export function runJob(
  job: Job,
  part: 'before_script' | 'script',
  project: string,
  env: NodeJS.ProcessEnv,
): Promise<Ran> {
  const own = Object.entries(job.variables).map(([name, value]) => [name, value.replaceAll('$CI_PROJECT_DIR', project)])
  return run('sh', ['-ec', job[part].join('\n')], {
    cwd: project,
    env: { ...env, CI: 'true', GITLAB_CI: 'true', CI_PROJECT_DIR: project, ...Object.fromEntries(own) },
  })
}

export function run(command: string, args: string[], options: { cwd: string; env: NodeJS.ProcessEnv }): Promise<Ran> {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { output: '', stdout: '' }
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => {
      said.output += data.toString()
      if (stream === child.stdout) said.stdout += data.toString()
    })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ exitCode: code ?? -1, ...said }))
  })
}
