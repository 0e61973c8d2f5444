import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { entries, kinds } from './entries.ts'
import { referencePage } from './markdown.ts'

test('docs/reference.md is what the registries say; `npx vitest run src/reference -u` writes it anew', async () => {
  const file = fileURLToPath(new URL('../../docs/reference.md', import.meta.url))
  await expect(referencePage()).toMatchFileSnapshot(file)
})

test('everything has a name of its own among its kind, and says what it is', () => {
  const all = entries()
  for (const kind of kinds) {
    const names = all.filter((entry) => entry.kind === kind).map(({ name }) => name)
    expect(names.length, kind).toBeGreaterThan(0)
    expect(new Set(names).size, kind).toBe(names.length)
  }
  for (const { name, title } of all) expect(title, name).toMatch(/\S/)
})
