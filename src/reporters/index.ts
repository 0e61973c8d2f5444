import { csv } from './csv.ts'
import { html } from './html.ts'
import { json } from './json.ts'
import { junit } from './junit.ts'
import { markdown } from './markdown.ts'
import { openMetrics } from './open-metrics.ts'
import type { Reporter } from './reporter.ts'

/** What can be written into a report's folder, by the words of `--format`. The console's block is no file: console.ts. */
export const reporters = { json, html, markdown, junit, metrics: openMetrics, csv } satisfies Record<string, Reporter>
