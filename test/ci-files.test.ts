import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { thisMachine } from '../scripts/machine.mjs'
import { gitlabJob, type Action } from './support/ci.ts'

/** What the two CI files say; that their lines do it is in package.test.ts. */

const { folder } = thisMachine()
const action = parse(readFileSync(join(folder, 'action.yml'), 'utf8')) as Action
const job = gitlabJob(join(folder, 'ci', 'gitlab.yml'))
const gate = readFileSync(join(folder, 'ci', 'gate.sh'), 'utf8')

test('action.yml: what is used is declared, what is declared is used, and nobody’s text becomes shell', () => {
  const { steps, using } = action.runs
  expect(using).toBe('composite')
  const text = JSON.stringify(steps)
  const used = [...text.matchAll(/inputs\.([\w-]+)/g)].map(([, name]) => name!)
  expect([...new Set(used)].sort()).toEqual(Object.keys(action.inputs).sort())
  const ids = steps.flatMap(({ id }) => id ?? [])
  for (const [, id] of (text + JSON.stringify(action.outputs)).matchAll(/steps\.(\w+)\.outputs/g))
    expect(ids).toContain(id)
  for (const { run, uses, shell } of steps) {
    expect([run, uses].filter(Boolean)).toHaveLength(1)
    if (run === undefined) expect(uses).toMatch(/^actions\/[\w-]+@v\d+$/)
    // An input that is pasted into a script is run by it.
    else expect([shell, run.includes('${{')]).toEqual(['bash', false])
  }
})

test('both run the same script, cache the same folder and keep the same reports', () => {
  const step = action.runs.steps.find(({ id }) => id === 'gate')!
  expect(step.run).toContain('sh "$GITHUB_ACTION_PATH/ci/gate.sh"')
  expect(job.script).toEqual(['sh node_modules/picklock/ci/gate.sh'])
  const cached = action.runs.steps.find(({ uses }) => uses?.startsWith('actions/cache@'))!.with!['path']
  expect(step.env!['PICKLOCK_CACHE']).toBe(cached)
  expect(job.variables['PICKLOCK_CACHE']).toBe(`$CI_PROJECT_DIR/${job.cache.paths[0]}`)
  const kept = action.runs.steps.find(({ uses }) => uses?.startsWith('actions/upload-artifact@'))!.with!['path']
  expect(kept).toBe(`\${{ inputs.working-directory }}/${step.env!['PICKLOCK_REPORTS']}`)
  expect(job.artifacts.paths).toEqual([job.variables['PICKLOCK_REPORTS']])
})

test('the script knows every variable that the files set', () => {
  const set = [...Object.keys(action.runs.steps.find(({ id }) => id === 'gate')!.env!), ...Object.keys(job.variables)]
  for (const name of set) expect(gate).toContain(`#   ${name} `)
})
