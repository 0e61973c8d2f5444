import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'
import { expect, test } from 'vitest'
import { gateResultSchema } from './result.ts'
import { gateJsonSchema, gateSchema } from './schema.ts'

test.each([
  ['picklock.json', gateJsonSchema()],
  ['gate.json', gateResultSchema()],
])('schema/%s is what the code says; `npx vitest run src/commands/gate -u` writes it anew', async (name, schema) => {
  const file = fileURLToPath(new URL(`../../../schema/${name}`, import.meta.url))
  const text = await format(JSON.stringify(schema), { ...(await resolveConfig(file)), filepath: file })
  await expect(text).toMatchFileSnapshot(file)
})

test('only the lock has to be named; everything else has a default', () => {
  expect(gateSchema.parse({ lock: './my-lock.ts' })).toMatchInlineSnapshot(`
    {
      "budgets": {},
      "compare": {
        "metrics": [
          "acquire_wait",
          "handoff",
          "release_duration",
        ],
        "sliceMs": 200,
        "slices": 26,
        "slowerByMs": 0.05,
        "slowerByPercent": 10,
      },
      "lock": {
        "options": {},
        "use": "./my-lock.ts",
      },
    }
  `)
})

test('an editor takes a block, and its most important value alone', () => {
  const { lock, baseline } = gateJsonSchema()['properties'] as Record<string, { anyOf: { type: string }[] }>
  for (const either of [lock, baseline]) expect(either!.anyOf.map(({ type }) => type)).toEqual(['string', 'object'])
})
