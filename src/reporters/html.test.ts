import { expect, test } from 'vitest'
import {
  HistoryBuilder,
  invalidExample,
  unknownExample,
  validExample,
  type Example,
} from '../../test/support/reports.ts'
import { aroundViolation } from './around.ts'
import { html } from './html.ts'
import { markdown } from './markdown.ts'
import { barsMax, timelineOf } from './timeline.ts'

test('the page tells the verdict, each finding, the proof and how to run it again', () => {
  const example = invalidExample()
  const page = html.render(example)
  expect(page).toMatch(/^<!doctype html>\n<html lang="en">/)
  for (const text of ['✗ INVALID', '✗ overlap, 22 ms', '⚡ kill redis-1', 'redis-2 promoted', 'redis-1 down'])
    expect(page).toContain(text)
  for (const { message } of example.report.findings) expect(page).toContain(message)
  expect(page).toContain(example.report.faults[0]!.proof)
  expect(page).toContain(example.report.reproduce)
  expect(page).toContain('Around the first violation')
  expect(html.render(validExample())).toContain('✓ VALID')
  expect(html.render(unknownExample())).toContain('No lock was held')
})

test('the page loads nothing and runs nothing', () => {
  for (const example of [validExample(), invalidExample(), unknownExample()]) {
    const page = html.render(example)
    expect(page).toMatch(/Content-Security-Policy" content="default-src &#39;none&#39;; style-src &#39;sha256-[^"]+"/)
    expect(page).not.toMatch(/<script|<link|<img|<iframe|\s(src|href|on\w+)=|@import|url\((?!#)/i)
    expect(page).not.toMatch(/\sstyle=/)
  }
})

const hostile = `</script></title></style><img src=x onerror="alert(1)">'"&<!--]]>\u0000\u001b[2J\u202e`

/** Every text that a lock, a key, an error or a node can bring into a report. */
function hostileExample(): Example {
  const history = new HistoryBuilder()
  history.phase(0, 'load')
  history.cycle({ server: 'server-1', key: hostile, op: 10, askMs: 0, grantMs: 1, releaseMs: 50 })
  history.cycle({ server: hostile.replace('/', ''), key: hostile, op: 20, askMs: 2, grantMs: 10, releaseMs: 60 })
  const process = `${hostile}/vu-1`
  history.events.push(
    {
      t: 5e6,
      process,
      type: 'info',
      f: 'acquire',
      op: 30,
      key: hostile,
      error: hostile,
      token: hostile,
      fence: hostile,
    },
    { t: 5e6, process: hostile, type: 'info', f: 'key', event: hostile, key: hostile },
    {
      t: 5e6,
      process: hostile,
      type: 'info',
      f: 'topology',
      event: hostile,
      node: hostile,
      from: hostile,
      to: hostile,
    },
    {
      t: 6e6,
      process,
      type: 'ok',
      f: 'fault',
      op: 1,
      fault: hostile,
      target: hostile,
      stage: 'landed',
      proof: hostile,
    },
  )
  history.phase(100, 'settle')
  const example = invalidExample()
  return {
    report: {
      ...example.report,
      scenario: hostile,
      topology: hostile,
      lock: hostile,
      workload: hostile,
      unknownBecause: [hostile],
      findings: [
        {
          checker: hostile,
          metric: hostile,
          count: 1,
          message: hostile,
          first: { key: hostile, atMs: 10, ops: [10, 20] },
        },
      ],
      counts: { [hostile]: 1 },
      faults: [{ ...example.report.faults[0]!, fault: hostile, target: hostile, proof: hostile }],
      thresholds: [{ metric: hostile, threshold: hostile, value: null, ok: false }],
      control: { lock: hostile, verdict: 'invalid', metric: hostile, afterMs: 1 },
      reproduce: hostile,
      versions: { [hostile]: hostile },
    },
    plan: { ...example.plan, title: hostile, lock: { ...example.plan.lock, spec: hostile, name: hostile } },
    events: history.sorted(),
  }
}

test('what a stranger wrote stays text', () => {
  const page = html.render(hostileExample())
  const tags = page.replace(/<style>[^]*?<\/style>/, '').match(/<[^>]*>/g)!
  const names = new Set(tags.map((tag) => /^<[/!]?([a-z0-9]+)/i.exec(tag)?.[1]?.toLowerCase()))
  for (const name of ['img', 'script', undefined]) expect(names).not.toContain(name)
  // No attribute was opened either: the quotes of every tag are even, and none carries a handler of its own.
  for (const tag of tags) {
    expect(tag.split('"').length % 2).toBe(1)
    expect(tag.replace(/"[^"]*"/g, '')).not.toContain('onerror')
  }
  // oxlint-disable-next-line no-control-regex
  expect(page).not.toMatch(/[\u0000\u001b\u202e]/)
  expect(page).toContain('&lt;img src=x onerror=')
})

test('a hostile summary has no markup of its own either', () => {
  const summary = markdown.render(hostileExample())
  // Code spans show their content as it is.
  expect(summary.replace(/`[^`\n]*`/g, '')).not.toMatch(/[<>]/)
  expect(markdown.render(invalidExample())).toContain('## ✗ INVALID primary-kill · sentinel · set-nx (seed 42)')
})

test('the picture opens on the first violation, with the hold that began it', () => {
  const { report, events } = invalidExample()
  const view = timelineOf(report, events)!
  expect(view).toMatchObject({ key: 'stock:7', because: 'where it broke first', fromMs: 4871, toMs: 6871 })
  expect(view.overlaps).toEqual([
    { servers: ['server-1', 'server-2'], ops: [49_900, 58_710], fromMs: 5871, toMs: 5893 },
  ])
  expect(view.bars.filter(({ overlapping }) => overlapping).map(({ op }) => op)).toEqual([49_900, 58_710])
  expect(view.faults).toEqual([{ label: 'kill redis-1', fromMs: 5003, toMs: 7007, landed: true, healed: true }])
  expect(view.keyEvents.map(({ where }) => where)).toEqual(['redis-1', 'redis-2'])
})

test('a drill that held shows its busiest key', () => {
  const { report, events } = validExample()
  expect(timelineOf(report, events)).toMatchObject({
    key: 'stock:7',
    because: 'the busiest key',
    fromMs: 100,
    toMs: 8100,
  })
})

test('a crowd is thinned, and the page says so', () => {
  const example = validExample()
  const history = new HistoryBuilder()
  history.phase(0, 'load')
  for (let i = 0; i < 3 * barsMax; i++)
    history.cycle({ server: 'server-1', key: 'hot', op: i * 4, askMs: i, grantMs: i + 0.1, releaseMs: i + 0.8 })
  history.phase(3 * barsMax, 'settle')
  const page = html.render({ ...example, events: history.sorted() })
  expect(page).toContain(`Thinned: ${barsMax} of the ${3 * barsMax} holds in this window are drawn.`)
  expect(page.length).toBeLessThan(1_500_000)
})

test('the table has the ten operations around the violation, those of its holds, and what happened to nodes', () => {
  const { report, events } = invalidExample()
  const rows = aroundViolation(events, report.findings[0]!.first!)
  expect(rows.filter(({ involved }) => involved).map(({ what }) => what)).toEqual([
    'asks for it',
    'asks for it',
    'granted',
    'begins its work',
    'granted',
    'begins its work',
    'work written',
    'releases',
    'released',
    'work written',
    'releases',
    'released',
  ])
  expect(rows.map(({ what }) => what)).toContain('switch-master')
  expect(rows.map(({ atMs }) => atMs)).toEqual(rows.map(({ atMs }) => atMs).toSorted((a, b) => a - b))
})
