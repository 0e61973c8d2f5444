import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { commitOf } from './commit.ts'

test('the CI names the commit, else git does, else nobody', async () => {
  const sha = '0123456789abcdef0123456789abcdef01234567'
  expect(await commitOf('.', { GITHUB_SHA: sha })).toBe(sha)
  expect(await commitOf('.', { CI_COMMIT_SHA: sha })).toBe(sha)
  expect(await commitOf('.', { GITHUB_SHA: 'no commit' })).toMatch(/^[0-9a-f]{40}(-dirty)?$/)
  expect(await commitOf(tmpdir(), {})).toBeUndefined()
})
