import { expect, test } from 'vitest'
import { invalidExample, report, unknownExample, validExample } from '../../test/support/reports.ts'
import { colorLevel } from './color.ts'
import { renderConsole, renderControl, renderMatrix } from './console.ts'

const plainly = { width: 100, color: 0, folder: 'reports/latest' } as const

test('a broken lock: what, where, why, how often, how to see it again', () => {
  expect(renderConsole(invalidExample().report, plainly)).toMatchInlineSnapshot(`
    "
      ✗ INVALID   primary-kill · sentinel · set-nx · seed 42
                  two servers held stock:7 at once, 3 times (blame: topology). First at 5.871 s:
                  server-1 held it from 4.990 s, server-2 was granted it too; redis-1 was killed at
                  5.003 s, redis-2 was promoted at 5.861 s without the key, which was never replicated
      load        957 requests · 870 done · 87 done before
      damage      2 duplicate orders · 5 units oversold
      fault       kill redis-1 at 5.003 s: landed (pid 4711 gone, PING refused, +switch-master after
                  0.858 s), 12 holds during it, healed at 7.007 s
      threshold   acquire_wait: p(99)<20 crossed, it was 41
      control     local-on-error: caught after 5.90 s (overlaps)

                    count      p50      p95      p99      max
      wait            957   1.2 ms   8.1 ms    41 ms   2.31 s
      hold            957   8.0 ms   8.4 ms   9.1 ms    12 ms
      hand-over       911   0.4 ms   0.9 ms   1.3 ms   2.30 s
      request         957   9.9 ms    18 ms    51 ms   2.33 s
      recovery         10   1.1 ms   4.0 ms   4.0 ms   4.0 ms

      report      reports/latest/report.html
      again       picklock run primary-kill --lock set-nx --seed 42
    "
  `)
})

test('a lock that held', () => {
  expect(renderConsole(validExample().report, plainly)).toMatchInlineSnapshot(`
    "
      ✓ VALID     oversell · single · reference · seed 42
      load        957 requests · 870 done · 87 done before
      damage      none in the ledger
      control     naive: caught after 812 ms (overlaps)

                    count      p50      p95      p99      max
      wait            957   1.2 ms   8.1 ms    41 ms   2.31 s
      hold            957   8.0 ms   8.4 ms   9.1 ms    12 ms
      hand-over       911   0.4 ms   0.9 ms   1.3 ms   2.30 s
      request         957   9.9 ms    18 ms    51 ms   2.33 s

      report      reports/latest/report.html
      again       picklock run oversell --topology single --lock reference --seed 42
    "
  `)
})

test('a drill that could not tell says why', () => {
  expect(renderConsole(unknownExample().report, plainly)).toMatchInlineSnapshot(`
    "
      ? UNKNOWN   slow-network · single · reference · seed 42
                  unknown: latency on servers→redis-1 did not land: the round trip stayed at 0.3 ms
                  unknown: only 0 of the 200 grants that this drill needs were given
      load        0 requests
      fault       latency servers→redis-1 did not land: the round trip stayed at 0.3 ms
      control     naive: not caught (valid), so this run could not have seen such a lock

      no lock was held, nothing was measured

      report      reports/latest/report.html
      again       picklock run slow-network --lock reference --seed 42
    "
  `)
})

test('a narrow terminal: labels above, fewer columns, nothing wider but what is for copying', () => {
  const text = renderConsole(invalidExample().report, { ...plainly, width: 44 })
  expect(text).toMatchInlineSnapshot(`
    "
      ✗ INVALID
        primary-kill · sentinel · set-nx · seed
        42
        two servers held stock:7 at once,
        3 times (blame: topology). First at
        5.871 s: server-1 held it from 4.990 s,
        server-2 was granted it too; redis-1 was
        killed at 5.003 s, redis-2 was promoted
        at 5.861 s without the key, which was
        never replicated
      load
        957 requests · 870 done · 87 done before
      damage
        2 duplicate orders · 5 units oversold
      fault
        kill redis-1 at 5.003 s: landed (pid
        4711 gone, PING refused, +switch-master
        after 0.858 s), 12 holds during it,
        healed at 7.007 s
      threshold
        acquire_wait: p(99)<20 crossed, it was
        41
      control
        local-on-error: caught after 5.90 s
        (overlaps)

                      p50      p99      max
      wait         1.2 ms    41 ms   2.31 s
      hold         8.0 ms   9.1 ms    12 ms
      hand-over    0.4 ms   1.3 ms   2.30 s
      request      9.9 ms    51 ms   2.33 s
      recovery     1.1 ms   4.0 ms   4.0 ms

      report
        reports/latest/report.html
      again
        picklock run primary-kill --lock set-nx --seed 42
    "
  `)
  for (const width of [30, 44, 60, 80]) {
    const lines = renderConsole(invalidExample().report, { ...plainly, width }).split('\n')
    const wide = lines.filter((line) => line.length > width && !/^ {2}(report|again)| (reports\/|picklock )/.test(line))
    expect(wide).toEqual([])
  }
})

test('colour adds to the words and takes none away', () => {
  const colored = renderConsole(invalidExample().report, { ...plainly, color: 1 })
  expect(colored).toContain('\u001b[31m✗ INVALID')
  // oxlint-disable-next-line no-control-regex
  expect(colored.replace(/\u001b\[\d+m/g, '')).toBe(renderConsole(invalidExample().report, plainly))
})

test('names and errors of strangers do not reach the terminal raw', () => {
  const hostile = report({ lock: '\u001b[2J\u001b]0;owned\u0007x', reproduce: 'picklock\u001b[1A\r' })
  // oxlint-disable-next-line no-control-regex
  expect(renderConsole(hostile, plainly)).not.toMatch(/[\u001b\u0007\r]/)
})

test('several drills end with a matrix; a list where it would not fit', () => {
  const reports = [
    report(),
    report({ lock: 'naive', verdict: 'invalid' }),
    report({ topology: 'sentinel', verdict: 'unknown' }),
    report({ topology: 'sentinel', lock: 'naive', verdict: 'invalid' }),
    report({ topology: 'redlock' }),
  ]
  expect(renderMatrix(reports, plainly)).toMatchInlineSnapshot(`
    "
                           reference   naive       control
      oversell · single    ✓ VALID     ✗ INVALID   naive caught
      oversell · sentinel  ? UNKNOWN   ✗ INVALID   naive caught
      oversell · redlock   ✓ VALID     –           naive caught
    "
  `)
  expect(renderMatrix(reports, { width: 30, color: 0 })).toMatchInlineSnapshot(`
    "
      ✓ VALID    oversell · single · reference
      ✗ INVALID  oversell · single · naive
      ? UNKNOWN  oversell · sentinel · reference
      ✗ INVALID  oversell · sentinel · naive
      ✓ VALID    oversell · redlock · reference
    "
  `)
})

test('NO_COLOR turns colours off, FORCE_COLOR wins', () => {
  expect(colorLevel('stdout', { NO_COLOR: '1' })).toBe(0)
  expect(colorLevel('stderr', { NO_COLOR: '' })).toBe(colorLevel('stderr', {}))
  expect(colorLevel('stdout', { NO_COLOR: '1', FORCE_COLOR: '1' })).toBe(colorLevel('stdout', {}))
})

test('a control shows what it was caught by, or that it was not', () => {
  expect(renderControl(invalidExample().report, plainly)).toMatchInlineSnapshot(`
    "
      ✓ caught    primary-kill · sentinel · set-nx, the control
                  two servers held stock:7 at once, 3 times (blame: topology). First at 5.871 s:
                  server-1 held it from 4.990 s, server-2 was granted it too; redis-1 was killed at
                  5.003 s, redis-2 was promoted at 5.861 s without the key, which was never replicated
      damage      2 duplicate orders · 5 units oversold
      report      reports/latest/report.html
    "
  `)
  expect(renderControl(unknownExample().report, plainly)).toMatchInlineSnapshot(`
    "
      ? MISSED    slow-network · single · reference, the control
                  unknown: latency on servers→redis-1 did not land: the round trip stayed at 0.3 ms
                  unknown: only 0 of the 200 grants that this drill needs were given
      report      reports/latest/report.html
    "
  `)
})
