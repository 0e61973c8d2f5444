import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadScenario, makePlan, scenarioNames, scenariosFolder, topologiesOf } from './index.ts'
import { scenarioJsonSchema } from './schema.ts'

const load = (name: string) => loadScenario(name, { cwd: scenariosFolder })

test('the first five are there', () => {
  expect(scenarioNames()).toEqual(
    expect.arrayContaining(['double-click', 'oversell', 'primary-kill', 'quorum-node-down', 'slow-network']),
  )
})

test.each(scenarioNames())(
  '%s is named after its file, tells its story, and makes a plan on all its topologies',
  (name) => {
    const loaded = load(name)
    expect(loaded.scenario.name).toBe(name)
    expect(loaded.scenario.title.length).toBeLessThanOrEqual(80)
    expect(loaded.scenario.story.length).toBeGreaterThan(200)
    expect(readFileSync(join(scenariosFolder, `${name}.yaml`), 'utf8')).toMatch(
      /^# yaml-language-server: \$schema=\.\.\/schema\/scenario\.json\n/,
    )
    for (const topology of topologiesOf(loaded.scenario))
      makePlan(loaded, { topology, lock: { spec: 'reference', name: 'reference' }, seed: 1 })
  },
)

test.each(scenarioNames())('the numbers of %s expose mistakes', (name) => {
  const { scenario } = load(name)
  expect(scenario.servers).toBeGreaterThan(1)
  expect(scenario.lock.ttlMs % 1000).not.toBe(0)
  // From the tenth on, names share prefixes; a stampede and a herd are on one key.
  const { kind, products, accounts, keys } = scenario.workload
  if (kind !== 'coupon' && name !== 'herd') expect(products ?? accounts ?? keys).toBeGreaterThanOrEqual(10)
  expect(scenario.evidence.grants).toBeGreaterThanOrEqual(10)
})

test('an unknown name is answered with the nearest', () => {
  expect(() => load('oversel')).toThrow('there is no scenario oversel; did you mean oversell?')
  expect(() => load('./nowhere.yaml')).toThrow('cannot read the scenario nowhere.yaml: there is no such file')
})

test("the editors' schema is up to date; vitest -u writes it anew", async () => {
  await expect(`${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(
    join(scenariosFolder, '..', 'schema', 'scenario.json'),
  )
})
