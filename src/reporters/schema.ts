import { z } from 'zod'
import { report } from './report.ts'

/** The JSON Schema of report.json, checked in as schema/report.json. */
export function reportSchema(): string {
  const schema = z.toJSONSchema(report, { target: 'draft-2020-12' })
  return `${JSON.stringify({ ...schema, title: "Picklock's report, schema 1" }, null, 2)}\n`
}
