import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { thisMachine } from '../../scripts/machine.mjs'
import { finders } from '../../scripts/tools.mjs'
import { gitlabJob, run, runJob, type Ran } from './ci.ts'

export interface Project extends Disposable {
  folder: string
  /** Of the package, as npm laid it. */
  installed: string
  tarball: string
  /** What npm says is in it. */
  packed: { files: { path: string; size: number }[]; size: number; unpackedSize: number }
  /** An environment with this Node, toxiproxy-server on PATH, an empty cache folder, and npm's own cache. */
  env: NodeJS.ProcessEnv
  /** Words of a command line, in the project. */
  type(line: string): Promise<Ran>
}

/** Packs this clone, and installs that into an empty project as the GitLab job does, with install scripts off as a careful team has them. */
export async function installedProject(): Promise<Project> {
  const machine = thisMachine()
  const folder = mkdtempSync(join(tmpdir(), 'picklock-package-'))
  chmodSync(folder, 0o755) // Postgres' own account has to get through
  const project = join(folder, 'project')
  const bin = join(folder, 'bin')
  const { PICKLOCK_CACHE: _, ...inherited } = process.env
  const env: NodeJS.ProcessEnv = {
    ...inherited,
    PATH: [dirname(process.execPath), bin, process.env['PATH']].join(delimiter),
    XDG_CACHE_HOME: join(folder, 'cache'),
    NO_COLOR: '1',
    npm_config_ignore_scripts: 'true',
    npm_config_prefer_offline: 'true',
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_update_notifier: 'false',
    npm_config_loglevel: 'error',
  }
  const must = async (command: string, args: string[], cwd: string, more: NodeJS.ProcessEnv = {}) => {
    const { exitCode, output, stdout } = await run(command, args, { cwd, env: { ...env, ...more } })
    if (exitCode !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${exitCode}:\n${output}`)
    return stdout
  }
  try {
    mkdirSync(project)
    // What is fetched where it is missing is tested elsewhere, and takes its time.
    mkdirSync(bin)
    symlinkSync(finders['toxiproxy-server'](machine)!, join(bin, 'toxiproxy-server'))

    // Here scripts are ours: prepack builds dist/.
    const pack = ['pack', '--json', '--pack-destination', folder]
    const said = await must('npm', pack, machine.folder, { npm_config_ignore_scripts: 'false' })
    // A list, or by name: that differs between versions of npm.
    const [packed] = Object.values(JSON.parse(said) as Record<string, Project['packed'] & { filename: string }>)
    const tarball = join(folder, packed!.filename)

    writeFileSync(
      join(project, 'package.json'),
      `{ "private": true, "devDependencies": { "picklock": "file:${tarball}" } }\n`,
    )
    await must('npm', ['install', '--package-lock-only'], project)
    const { exitCode, output } = await runJob(
      gitlabJob(join(machine.folder, 'ci', 'gitlab.yml')),
      'before_script',
      project,
      env,
    )
    if (exitCode !== 0) throw new Error(`npm ci ended with ${exitCode}:\n${output}`)

    return {
      folder: project,
      installed: join(project, 'node_modules', 'picklock'),
      tarball,
      packed: packed!,
      env,
      type: (line) => run('sh', ['-c', line], { cwd: project, env }),
      [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
    }
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}
