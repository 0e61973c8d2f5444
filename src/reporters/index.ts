import { html } from './html.ts'
import { json } from './json.ts'
import { markdown } from './markdown.ts'
import type { Reporter } from './reporter.ts'

/** What is written into a report's folder, in this order. The console's block is no file: console.ts. */
export const reporters = { json, html, markdown } satisfies Record<string, Reporter>
