import { UsageError } from '../lib/failure.ts'

/**
 * Whatever a plan says stands in the report, in the history and in the line that repeats the drill. So a password in an option, as part of a
 * URL, is refused before anything is written, and not repeated in the refusal. Throws UsageError.
 */
export function refusePasswords(lockOptions: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(lockOptions)) {
    if (typeof value !== 'string' || !/^[a-z][a-z+.-]*:\/\/[^/?#]*:[^/?#]*@/i.test(value)) continue
    const elsewhere = /^postgres/i.test(value) ? 'give it as PGPASSWORD, or in ~/.pgpass' : 'give it by the environment'
    throw new UsageError(
      `the lock option ${name} has a password in its URL, which every report would tell: ${elsewhere}`,
    )
  }
}
