/**
 * What the report page costs for a long drill: bytes, the time to make it, and the time until a headless Chromium has drawn it.
 *
 *   node bench/page.ts [holds]
 *
 * Two kinds of history: one in which a hold in a thousand overlaps, and one of a lock that excludes nobody. Targets:
 * 2 MB for 100,000 holds, 3 MB for a million; opens within 1 s.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { html } from '../src/reporters/html.ts'
import { chromium, noChromium, openInBrowser } from '../test/support/browser.ts'
import { crowdedExample } from '../test/support/reports.ts'

const rounds = 3
const holds = Number(process.argv[2] ?? 1_000_000)
if (chromium === undefined) throw new Error(noChromium)

const folder = await mkdtemp(join(tmpdir(), 'picklock-bench-'))
try {
  for (const [kind, overlapping] of [
    ['one in a thousand overlaps', 1000],
    ['every one overlaps', 1],
  ] as const) {
    const example = crowdedExample(holds, overlapping)
    const startedAt = performance.now()
    const page = html.render(example)
    const madeMs = performance.now() - startedAt
    const file = join(folder, 'report.html')
    await writeFile(file, page)
    const drawnMs: number[] = []
    for (let round = 0; round < rounds; round++)
      drawnMs.push(Number(/data-ready="(\d+)"/.exec((await openInBrowser(file)).dom)?.[1]))
    console.log(
      `${holds} holds, ${kind}: ${(Buffer.byteLength(page) / 1e6).toFixed(2)} MB, made in ${(madeMs / 1000).toFixed(1)} s, drawn after ${drawnMs.join(', ')} ms`,
    )
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}
