import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import {
  crowdedExample,
  hostile,
  hostileExample,
  invalidExample,
  unknownExample,
  validExample,
} from '../../test/support/reports.ts'
import type { Event, FaultEvent } from '../history/event.ts'
import { aroundViolation } from './around.ts'
import { html } from './html.ts'
import { visible } from './markup.ts'
import { markdown } from './markdown.ts'
import { holdsMax } from './page/drawn-holds.ts'
import type { PageData } from './page/page-data.ts'
import type { Report } from './report.ts'
import { outages, timelineOf } from './timeline.ts'

test('the page tells the verdict, each finding, the proof and how to run it again', () => {
  const example = invalidExample()
  const page = html.render(example)
  expect(page).toMatch(/^<!doctype html>\n<html lang="en">/)
  for (const text of ['✗ INVALID', '✗ overlap, 22 ms', '⚡ kill redis-1', 'redis-2 promoted', 'redis-1 down'])
    expect(page).toContain(text)
  for (const { message } of example.report.findings) expect(page).toContain(message)
  expect(page).toContain(example.report.faults[0]!.proof)
  expect(page).toContain(example.report.reproduce)
  expect(page).toContain('<h2>The first overlap</h2>')
  expect(page).toContain('Around this overlap')
  expect(html.render(validExample())).toContain('✓ VALID')
  expect(html.render(unknownExample())).toContain('No lock was held')
})

test('the page loads nothing, and runs its own script only', () => {
  for (const example of [validExample(), invalidExample(), unknownExample()]) {
    const page = html.render(example)
    const policy = /Content-Security-Policy" content="([^"]+)"/.exec(page)![1]!.replaceAll('&#39;', "'")
    expect(policy).toMatch(
      /^default-src 'none'; script-src 'sha256-[^' ]+'; style-src 'sha256-[^' ]+'; base-uri 'none'; form-action 'none'$/,
    )
    const scripts = [...page.matchAll(/<script>([^]*?)<\/script>/g)].map(([, text]) => text!)
    expect(scripts).toHaveLength(1)
    expect(policy).toContain(createHash('sha256').update(scripts[0]!).digest('base64'))
    const rest = page.replace(/<script[^]*?<\/script>/g, '').replace(/<style>[^]*?<\/style>/, '')
    expect(rest).not.toMatch(/<script|<link|<img|<iframe|\s(src|href|on\w+)=|@import|url\((?!#)/i)
    expect(rest).not.toMatch(/\sstyle=/)
  }
})

test('what a stranger wrote stays text', () => {
  const page = html.render(hostileExample())
  const tags = page
    .replace(/<style>[^]*?<\/style>/, '')
    .replace(/<script(?: type="application\/json" id="data")?>[^]*?<\/script>/g, '')
    .match(/<[^>]*>/g)!
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
  expect(view.faults).toEqual([{ label: 'kill redis-1', fromMs: 5000, toMs: 7007, landed: true, healed: true }])
  expect(view.keyEvents.map(({ where }) => where)).toEqual(['redis-1', 'redis-2'])
})

test('what the scenario allows is told as that, and what it does not is looked at first', () => {
  const { report, ...rest } = invalidExample()
  const overlaps = report.findings.find(({ metric }) => metric === 'overlaps')!
  const allowed = {
    ...overlaps,
    blame: 'holder' as const,
    message: 'a holder went on',
    first: { ...overlaps.first!, atMs: 1 },
  }
  const crossed = { metric: 'overlaps{blame:topology}', threshold: 'count==0', value: 1, ok: false }
  const both = { ...report, findings: [allowed, { ...overlaps, blame: 'topology' as const }], thresholds: [crossed] }
  const page = html.render({ ...rest, report: both })
  expect(page).toContain('within what this scenario allows (see Thresholds): a holder went on')
  expect(page).toContain('red stripes in a frame')
  const kept = { ...both, thresholds: [{ ...crossed, threshold: 'count<=1', ok: true }] }
  expect(html.render({ ...rest, report: kept })).toContain('grey stripes in a frame')
  expect(page.indexOf(overlaps.message)).toBeLessThan(page.indexOf('a holder went on'))
  expect(timelineOf(both, rest.events)!.toMs).toBeGreaterThan(overlaps.first!.atMs)
  const valid = html.render({ ...rest, report: { ...both, verdict: 'valid', findings: [allowed] } })
  expect(valid).not.toContain('no finding')
})

test('where a server or node was away is in the picture', () => {
  const { events } = invalidExample()
  expect(outages(events)).toEqual([{ name: 'redis-1', what: 'down', fromMs: 5003, toMs: 7007 }])
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

test('what a stranger wrote cannot end the data of the page', () => {
  const page = html.render(hostileExample())
  const data = /<script type="application\/json" id="data">([^]*?)<\/script>/.exec(page)![1]!
  expect(data).not.toContain('<')
  expect((JSON.parse(data) as PageData).keys[0]!.name).toBe(visible(hostile))
})

test('a crowd is thinned, overlaps and what surrounds them are not, and the page says so', { timeout: 60_000 }, () => {
  const example = crowdedExample(120_000)
  const page = html.render(example)
  const data = JSON.parse(/id="data">([^]*?)<\/script>/.exec(page)![1]!) as PageData
  expect(data.holds.of).toBe(120_000)
  expect(data.holds.count).toBeLessThanOrEqual(holdsMax)
  expect(data.overlaps).toMatchObject({ count: 120, of: 120 })
  expect(page).toContain(`Thinned: ${data.holds.count} of the 120000 holds are drawn; every hold that overlaps another`)
  expect(page.length).toBeLessThan(2_000_000)
})

test('a hundred thousand holds are drawn, every one, in less than two megabytes', { timeout: 60_000 }, () => {
  const page = html.render(crowdedExample(100_000))
  expect(page).not.toContain('Thinned: ')
  expect(page.length).toBeLessThan(2_000_000)
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

test('beside the operations stands what the nodes did to the key, and for whom; who asked in vain does not', () => {
  const { report, events } = invalidExample()
  const onNode = { process: 'redis-2', type: 'info', f: 'key', key: 'lock:stock:7' } as const
  const vain = { process: 'server-1/vu-9', f: 'acquire', op: 60_000, key: 'stock:7' } as const
  const more: Event[] = [
    { t: 5870.5e6, ...onNode, event: 'del' },
    { t: 5870.8e6, ...onNode, event: 'set' },
    { t: 5870.8e6, ...onNode, event: 'expire' },
    { t: 5870.9e6, ...onNode, event: 'sample', value: 'token-58710', pttlMs: 2700 },
    { t: 5880e6, ...onNode, event: 'persist' },
    { t: 5880e6, ...onNode, key: 'stock:77', event: 'set' },
    { t: 5872e6, ...vain, type: 'invoke' },
    { t: 5873e6, ...vain, type: 'fail', error: 'contended' },
  ]
  const all = [...events, ...more].toSorted((a, b) => a.t - b.t)
  const rows = aroundViolation(all, report.findings[0]!.first!)
  expect(rows.filter(({ detail }) => detail.startsWith('lock:'))).toEqual([
    { atMs: 5870.5, who: 'redis-2', what: 'del', detail: 'lock:stock:7', involved: false },
    { atMs: 5870.8, who: 'redis-2', what: 'set', detail: 'lock:stock:7, for server-2/vu-1, op 58710', involved: false },
    { atMs: 5880, who: 'redis-2', what: 'persist', detail: 'lock:stock:7', involved: false },
  ])
  expect(rows.map(({ who }) => who)).not.toContain('server-1/vu-9')
  expect(rows.map(({ detail }) => detail).join()).not.toContain('stock:77')
})

test('the event on which the finding rests is marked, with the call that was under way', () => {
  const { report, events } = invalidExample()
  const culprit = { process: 'server-1/vu-9', f: 'release', op: 60_000, grant: 60_001, key: 'stock:7' } as const
  const more: Event[] = [
    { t: 5870e6, ...culprit, type: 'invoke' },
    { t: 5870.5e6, process: 'redis-2', type: 'info', f: 'key', key: 'stock:7', event: 'del' },
    { t: 5871e6, ...culprit, type: 'ok' },
  ]
  const all = [...events, ...more].toSorted((a, b) => a.t - b.t)
  const call = { process: 'server-1/vu-9', f: 'release', op: 60_000, grant: 60_001 }
  const cause = { node: 'redis-2', atMs: 5870.5, what: "server-1's key deleted", call }
  const rows = aroundViolation(all, report.findings[0]!.first!, [cause])
  const marked = rows.filter(({ involved, who }) => involved && (who === 'redis-2' || who === 'server-1/vu-9'))
  expect(marked.map(({ what, detail }) => [what, detail])).toEqual([
    ['releases', 'op 60001'],
    ['del', "stock:7, by its time in server-1/vu-9's release, op 60001"],
    ['released', 'op 60001'],
  ])
})

test('a key that was left says since when it has no time to live, and whose call that was', () => {
  const { report, ...rest } = validExample()
  const call = { process: 'server-1/vu-9', f: 'extend', op: 60_000, grant: 79_600 }
  const left = {
    checker: 'leaked_keys',
    metric: 'leaked_keys',
    count: 1,
    message: '1 key outlives all holds; the first: stock:7 was left',
    first: { key: 'stock:7', atMs: 8599, ops: [] },
    causes: [{ node: 'redis-1', atMs: 8211, what: 'its time to live taken away', call }],
  }
  const crossed = { metric: 'leaked_keys', threshold: 'count==0', value: 1, ok: false }
  const page = html.render({
    ...rest,
    report: { ...report, verdict: 'invalid', findings: [left], thresholds: [crossed] },
  })
  expect(page).toContain(
    '8.211 s: its time to live taken away on redis-1, in the middle of server-1/vu-9&#39;s extend (op 79600)',
  )
  expect(page).toContain('"label":"its time to live taken away on redis-1"')
})

test('what the page says of a whole drill is so: of what was allowed, of what it rests on, and of what could not change any more', () => {
  const { report, ...rest } = invalidExample()
  const endedEarly = { threshold: 'overlaps{blame:lock}: count==0', atMs: 5900 }
  const page = (over: Partial<Report>) => html.render({ ...rest, report: { ...report, endedEarly, ...over } })
  expect(page({ verdict: 'invalid' })).toContain('because nothing could change the answer any more')
  expect(page({ verdict: 'unknown' })).not.toContain('because nothing could change the answer any more')
  const leaked = { checker: 'leaked_keys', metric: 'leaked_keys', count: 1, message: 'left' }
  const broken = {
    findings: [leaked],
    thresholds: [{ metric: 'leaked_keys', threshold: 'count==0', value: 1, ok: false }],
  }
  expect(page({ ...broken, counts: { ...report.counts, overlaps: 0 } })).toContain(
    'The lock is broken (leaked keys), though in this drill no two callers held a key at once.',
  )
  expect(page({ ...broken, counts: { ...report.counts, overlaps: 2 } })).toContain('The lock is broken (leaked keys).')
  expect(page({ verdict: 'valid', findings: [], counts: { granted: 9 } })).toContain(
    'no finding in 9 holds, 12 of them during kill redis-1: what this one run with this one seed could see, and no proof beyond it',
  )
})

test('the page opens on what the lock is to blame for, and says so where others are to blame for other overlaps', () => {
  const { report, ...rest } = invalidExample()
  const [overlaps] = report.findings as [Report['findings'][number]]
  const early = { ...overlaps, blame: 'unclear' as const, first: { key: 'stock:7', atMs: 130, ops: [1200, 1400] } }
  const page = html.render({ ...rest, report: { ...report, findings: [early, { ...overlaps, blame: 'lock' }] } })
  expect(page).toContain('<h2>The first overlap with blame lock</h2>')
  expect(page).toContain('from 5.871 s on, for 22 ms')
})

const fault = (over: Partial<FaultEvent>): FaultEvent => ({
  t: 0,
  process: 'controller',
  type: 'ok',
  f: 'fault',
  op: 9,
  fault: 'latency',
  target: 'server-1→redis-1',
  stage: 'inject',
  ...over,
})

test.each([
  ['on at that time', 5000, 7007, 'kill redis-1, from 5.000 s to 7.007 s: on when the overlap began'],
  [
    'on when the first was granted',
    4000,
    5100,
    'latency server-1→redis-1, from 4.000 s to 5.100 s: on when server-1 was granted the key, over before the overlap',
  ],
  [
    'begun after it',
    5010,
    5100,
    'from 5.010 s to 5.100 s: begun after server-1 was granted the key, over before the overlap',
  ],
  ['later', 5880, 5890, 'latency server-1→redis-1, from 5.880 s to 5.890 s: only after the overlap had begun'],
])('of each fault the page says how it stands to the overlap: %s', (_, fromMs, toMs, told) => {
  const { events, ...rest } = invalidExample()
  const more = [
    fault({ t: fromMs * 1e6, stage: 'inject', type: 'invoke' }),
    fault({ t: (fromMs + 1) * 1e6, stage: 'landed' }),
    fault({ t: toMs * 1e6, stage: 'healed' }),
  ]
  expect(html.render({ ...rest, events: [...events, ...more].toSorted((a, b) => a.t - b.t) })).toContain(told)
})

test('where nothing was broken then, the page says what was over last; and who was away counts as broken', () => {
  const { events, ...rest } = invalidExample()
  const without = events.filter(({ f }) => f !== 'fault')
  expect(html.render({ ...rest, events: without })).toContain(
    'redis-1 down, from 5.003 s to 7.007 s: on when the overlap began',
  )
  const calm = without.filter(({ f }) => f !== 'topology')
  expect(html.render({ ...rest, events: calm })).toContain('<dd>none until then</dd>')
  const over = [fault({ t: 1e9 }), fault({ t: 1.1e9, stage: 'landed' }), fault({ t: 2e9, stage: 'healed' })]
  expect(html.render({ ...rest, events: [...calm, ...over].toSorted((a, b) => a.t - b.t) })).toContain(
    'none at that time; the last before, latency server-1→redis-1, was over at 2.000 s',
  )
})

test('a lock that only left a key behind is not said to have let two in', () => {
  const { report, ...rest } = validExample()
  const left = {
    checker: 'leaked_keys',
    metric: 'leaked_keys',
    count: 1,
    message: '1 key outlives all holds; the first: stock:7 was left on redis-1 without a time to live',
    first: { key: 'stock:7', atMs: 8600, ops: [79_600] },
  }
  const crossed = { metric: 'leaked_keys', threshold: 'count==0', value: 1, ok: false }
  const page = html.render({
    ...rest,
    report: { ...report, verdict: 'invalid', findings: [left], thresholds: [crossed] },
  })
  expect(page).toContain('The lock is broken (leaked keys)')
  expect(page).toContain('<h2>The first violation</h2>')
  expect(page).toContain('op 79600: marked ● in the table below')
})
