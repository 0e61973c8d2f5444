import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { enter } from './enter.mjs'
import { mustRun } from './machine.mjs'

/**
 * `npm run build`, and part of `npm pack`: dist/ from src/. JavaScript of everything by tsc without checking (`npm test` checks), declarations of what
 * the package exports, and beside them what is read or started by path: .lua, .sql, .mjs and the report page's .js.
 */
await enter(fileURLToPath(import.meta.url), async (machine) => {
  const dist = join(machine.folder, 'dist')
  rmSync(dist, { recursive: true, force: true })
  for (const project of ['tsconfig.build.json', 'tsconfig.types.json'])
    await mustRun(machine, machine.nodePath, [join('node_modules', 'typescript', 'bin', 'tsc'), '-p', project], {
      cwd: machine.folder,
    })
  cpSync(join(machine.folder, 'src'), dist, {
    recursive: true,
    filter: (file) => !/\.(ts|json)$/.test(file),
  })
})
