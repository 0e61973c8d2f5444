/**
 * What `picklock check` costs: from a file of a million holds, compressed as a drill leaves it, to the verdict, in a process of its own.
 *
 *   node bench/check.ts [holds] [--nodes]
 *
 * Two servers, 100 keys, four events a hold; with `--nodes` also what the node did, which makes it eight, a hundred thousand holds a second. Targets for a
 * million: 5 s, 1 GB.
 */
import { spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { Event } from '../src/history/event.ts'
import { line } from '../src/history/recorder.ts'

const rounds = 3
const nodes = process.argv.includes('--nodes')
const holds = Number(process.argv.slice(2).find((word) => /^\d+$/.test(word)) ?? 1_000_000)
const cli = resolve(import.meta.dirname, '../src/cli.ts')
const tellUsage = `process.on('exit', () => { const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage(); process.stderr.write('used ' + maxRSS + ' ' + (userCPUTime + systemCPUTime) + '\\n') })`

const folder = await mkdtemp(join(tmpdir(), 'picklock-bench-'))
try {
  const file = join(folder, 'history.ndjson.gz')
  await pipeline(pieces(), createGzip({ level: 3 }), createWriteStream(file))
  console.log(`${holds} holds, ${Math.round((await stat(file)).size / 1e6)} MB compressed`)
  for (let round = 1; round <= rounds; round++) {
    const { seconds, cpuSeconds, megabytes, exitCode } = await check(file)
    console.log(
      `${round}: ${seconds.toFixed(2)} s (${cpuSeconds.toFixed(2)} s of CPU time, all threads), ${megabytes} MB at most, exit ${exitCode}`,
    )
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function check(file: string) {
  const startedAt = performance.now()
  const child = spawn(process.execPath, ['--import', `data:text/javascript,${tellUsage}`, cli, 'check', file])
  let stderr = ''
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()))
  child.stdout.resume()
  const exitCode = await new Promise<number | null>((done) => child.on('close', done))
  const [, kilobytes, cpuUs] = /used (\d+) (\d+)/.exec(stderr) ?? []
  return {
    seconds: (performance.now() - startedAt) / 1000,
    cpuSeconds: Number(cpuUs) / 1e6,
    megabytes: Math.round(Number(kilobytes) / 1000),
    exitCode,
  }
}

function* pieces(): Generator<string> {
  let piece = ''
  const fences = new Array<number>(100).fill(0)
  for (let i = 0; i < holds; i++) {
    for (const event of hold(i, fences)) piece += line(event, event.t)
    if (piece.length < 65_536) continue
    yield piece
    piece = ''
  }
  yield piece
}

function hold(i: number, fences: number[]): Event[] {
  const server = i % 2
  const process = `server-${server + 1}/vu-${(i % 8) + 1}`
  const op = (server + 1) * 10_000_000 + i * 2
  const keyNumber = (i >> 1) % fences.length
  const key = `stock:${keyNumber}`
  const t = i * 10_000
  const node = { process: 'redis-1', type: 'info', f: 'key', key } as const
  const token = `${i.toString(36)}-${(i * 7919).toString(36)}`
  return [
    { t, process, type: 'invoke', f: 'acquire', op, key, ttlMs: 2700, waitMs: 5000 },
    ...(nodes
      ? ([
          { t: t + 500, event: 'set', ...node },
          { t: t + 510, event: 'expire', ...node },
          { t: t + 600, event: 'sample', value: token, pttlMs: 2699, ...node },
        ] satisfies Event[])
      : []),
    { t: t + 1000, process, type: 'ok', f: 'acquire', op, key, token, fence: String(++fences[keyNumber]!) },
    { t: t + 5000, process, type: 'invoke', f: 'release', op: op + 1, key, grant: op },
    ...(nodes ? ([{ t: t + 5400, event: 'del', ...node }] satisfies Event[]) : []),
    { t: t + 6000, process, type: 'ok', f: 'release', op: op + 1, key, grant: op },
  ]
}
