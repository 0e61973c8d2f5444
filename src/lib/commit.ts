import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** What CI systems call the commit that they build. */
const variables = ['GITHUB_SHA', 'CI_COMMIT_SHA', 'GIT_COMMIT', 'BUILDKITE_COMMIT', 'CIRCLE_SHA1']
const gitMaxMs = 2000

/**
 * The commit of the project in this folder, for the report: by the CI's word, else by git's, which adds `-dirty` where something was changed
 * besides. Undefined where neither knows.
 */
export async function commitOf(folder: string, env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  const told = variables.map((name) => env[name]).find((value) => value !== undefined && /^[0-9a-f]{7,64}$/.test(value))
  if (told !== undefined) return told
  const asked = ['-C', folder, 'describe', '--always', '--dirty', '--abbrev=40', '--exclude=*']
  const answer = await promisify(execFile)('git', asked, { timeout: gitMaxMs }).catch(() => undefined)
  const commit = answer?.stdout.trim()
  return commit ? commit : undefined
}
