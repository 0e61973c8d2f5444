import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { html } from '../src/reporters/html.ts'
import { chromium, noChromium, openInBrowser } from './support/browser.ts'
import {
  crowdedExample,
  hostileExample,
  invalidExample,
  unknownExample,
  validExample,
  type Example,
} from './support/reports.ts'

/** What the page became, and what it said on the console. `before`: a script of the test's own in front of the page's; the policy is taken off for it. */
async function opened({ example, act = '' }: { example: Example; act?: string }) {
  const folder = await mkdtemp(join(tmpdir(), 'picklock-page-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'report.html')
  const page = html.render(example)
  const acting = page
    .replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, '')
    .replace('</body>', `<script>${act}</script></body>`)
  await writeFile(file, act === '' ? page : acting)
  const { dom, said } = await openInBrowser(file)
  return { dom, said, bytes: page.length, status: /role="status">([^<]*)</.exec(dom)?.[1] ?? '' }
}

describe('the report in a browser', () => {
  beforeEach(({ skip }) => skip(chromium === undefined, noChromium))

  test('it opens on the first overlap, under its own policy, without a word on the console', async () => {
    const { dom, said, status } = await opened({ example: invalidExample() })
    expect(said).toEqual([])
    expect(dom).toMatch(/<html[^>]* data-ready="\d+"/)
    // Both holds, from 4.990 to 6.100 s, with a third of their length on each side.
    expect(status).toMatch(/^4\.6\d\d s to 6\.4\d\d s: \d+ holds, 1 overlap\.$/)
    expect(dom.match(/<canvas/g)!.length).toBeGreaterThanOrEqual(7)
    expect(dom).toContain('stock:7 (1 overlap, ')
  })

  test('drills that held and those that prove nothing open without an error too', async () => {
    for (const example of [validExample(), unknownExample()]) {
      const { dom, said } = await opened({ example })
      expect(said).toEqual([])
      expect(dom).toMatch(/ data-ready="/)
    }
  })

  test('it zooms, moves and lists by the keyboard', async () => {
    const press = (key: string) =>
      `document.querySelector('[data-part=chart]').dispatchEvent(new KeyboardEvent('keydown', { key: '${key}', bubbles: true }));`
    const after = async (...keys: string[]) =>
      opened({
        example: invalidExample(),
        act: `addEventListener('load', () => setTimeout(() => { ${keys.map(press).join('')} document.querySelector('[data-part=list]').open = true }, 50))`,
      })
    const whole = await after('0')
    expect(whole.said).toEqual([])
    expect(whole.status).toMatch(/^0\.000 s to 8\.600 s: \d+ holds, 1 overlap\.$/)
    const zoomed = await after('0', '+', '+', 'ArrowRight')
    expect(zoomed.status).toMatch(/^3\.870 s to 6\.020 s: /)
    const next = await after('0', 'n')
    expect(next.status).toMatch(/^4\.6\d\d s to 6\.4\d\d s: /)
    expect(next.dom).toMatch(
      /server-2, op 58710: held stock:7 from 5\.871 s to 5\.893 s \(22 ms\)[^<]*at the same time as server-1 op 49900/,
    )
  })

  test('what a stranger wrote does nothing there', async () => {
    const { dom, said } = await opened({ example: hostileExample() })
    expect(said).toEqual([])
    expect(dom).toMatch(/ data-ready="/)
    expect(dom).not.toMatch(/<img/i)
    expect(dom.match(/<\/script>/g)).toHaveLength(2)
  })

  test('a drill of a hundred thousand holds opens', async () => {
    const { dom, said, bytes } = await opened({ example: crowdedExample(100_000) })
    expect(said).toEqual([])
    expect(bytes).toBeLessThan(2_000_000)
    const readyMs = Number(/data-ready="(\d+)"/.exec(dom)![1])
    console.log(`100,000 holds: ${bytes} bytes, drawn ${readyMs} ms after the page was asked for`)
  })
})
