import { execFile } from 'node:child_process'
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { analyse } from '../src/monitor/analysis.ts'
import { readCapture } from '../src/monitor/read.ts'

/**
 * How fast `picklock analyze` reads, and in how much memory:
 *
 *     node bench/analyze.ts --mb 256
 *
 * The capture is made on the spot: two servers that poll a coupon's lock as seed 003's did (a hundred attempts for each grant), 200 clients that take
 * locks of their own, and the traffic of a shop around them (sessions, reads, counters). Read in a process of its own; the figure for 1 GB is in
 * proportion.
 */
const { values } = parseArgs({ options: { mb: { type: 'string', default: '256' }, read: { type: 'string' } } })

if (values.read !== undefined) await read(values.read)
else {
  const folder = mkdtempSync(join(tmpdir(), 'bench-analyze-'))
  try {
    const file = join(folder, 'monitor.log')
    await write(file, Number(values.mb) * 1e6)
    const { stdout } = await promisify(execFile)(process.execPath, [import.meta.filename, '--read', file])
    process.stdout.write(stdout)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function read(file: string): Promise<void> {
  const startMs = performance.now()
  const { capture } = await readCapture(file, () => {})
  const { counts, locks } = analyse(capture, file)
  const seconds = (performance.now() - startMs) / 1000
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  const mb = capture.bytes / 1e6
  const lines = capture.traffic.lines
  console.log(
    `${mb.toFixed(0)} MB, ${lines} lines in ${seconds.toFixed(2)} s (${((userCPUTime + systemCPUTime) / 1e6).toFixed(2)} s of CPU): ${(mb / seconds).toFixed(0)} MB/s, ${Math.round(lines / seconds)} lines/s; 1 GB in ${((1000 / mb) * seconds).toFixed(1)} s`,
  )
  console.log(
    `peak memory ${(maxRSS / 1024).toFixed(0)} MB; ${locks.length} locks, ${counts.acquisitions} grants in ${counts.attempts} attempts`,
  )
}

async function write(file: string, bytes: number): Promise<void> {
  const out = createWriteStream(file, { highWaterMark: 1 << 22 })
  let us = 1_764_697_260_944_659
  let written = 0
  let lines: string[] = []
  const say = (client: string, text: string) => {
    us += 11
    lines.push(`${Math.floor(us / 1e6)}.${String(us % 1e6).padStart(6, '0')} [0 ${client}] ${text}\n`)
  }
  const freeing = String.raw`\n      if redis.call('get', KEYS[1]) == ARGV[1] then\n        redis.call('del', KEYS[1])\n        redis.call('publish', ARGV[2], 'released')\n        return 1\n      else\n        return 0\n      end\n    `
  const free = (client: string, key: string, token: string) => {
    say(client, `"eval" "${freeing}" "1" "${key}" "${token}" "lock:release:${key}"`)
    say('lua', `"get" "${key}"`)
    say('lua', `"del" "${key}"`)
    say('lua', `"publish" "lock:release:${key}" "released"`)
  }
  for (let grant = 0; written < bytes; grant++) {
    const holder = ['172.19.0.4:47060', '172.19.0.5:49362'][grant % 2]!
    const token = `bb945170-93dc-4d4f-9221-${String(grant).padStart(12, '0')}`
    for (let poll = 0; poll < 100; poll++) {
      const waiter = ['172.19.0.4:47060', '172.19.0.5:49362'][poll % 2]!
      say(
        waiter,
        `"set" "lock:coupon:issue:1" "7405b473-93dc-4d4f-9221-${String(poll).padStart(12, '0')}" "PX" "5000" "NX"`,
      )
      const client = `10.0.0.${poll % 200}:5000`
      say(
        client,
        String.raw`"SET" "sess:dCb4jLNQUTMCnmeZ85TPpJ0g4sTmVgmf" "{\"cookie\":{\"originalMaxAge\":43200000,\"httpOnly\":true,\"path\":\"/\"},\"userId\":848}" "EX" "43200"`,
      )
      say(client, `"get" "product:${poll}:price"`)
      say(client, `"hincrby" "stats:today" "views" "1"`)
      if (poll % 10 !== 0) continue
      const own = `82b88e7e-93dc-4d4f-9221-${String(grant * 100 + poll).padStart(12, '0')}`
      say(client, `"set" "lock:order:${(grant * 7 + poll) % 30_000}" "${own}" "PX" "5000" "NX"`)
      free(client, `lock:order:${(grant * 7 + poll) % 30_000}`, own)
    }
    if (grant > 0) free(holder, 'lock:coupon:issue:1', token)
    say(
      holder,
      `"set" "lock:coupon:issue:1" "${token.replace(String(grant).padStart(12, '0'), String(grant + 1).padStart(12, '0'))}" "PX" "5000" "NX"`,
    )
    const text = lines.join('')
    lines = []
    written += text.length
    if (!out.write(text)) await once(out, 'drain')
  }
  out.end()
  await once(out, 'close')
}
