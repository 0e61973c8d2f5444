import { report as schema, type Report } from './report.ts'
import type { Reporter } from './reporter.ts'

export const json = {
  name: 'json',
  title: 'Everything, by schema/report.json',
  file: 'report.json',
  render: ({ report }) => `${JSON.stringify(schema.parse(report), null, 2)}\n`,
} satisfies Reporter

/** What `--format json` prints: an array of the same objects, and nothing else. */
export function renderJsonArray(reports: readonly Report[]): string {
  return `${JSON.stringify(
    reports.map((one) => schema.parse(one)),
    null,
    2,
  )}\n`
}
