/**
 * What an audit of many keys costs: its time, its memory, and what the Redis that it looks at feels of it.
 *
 *     node bench/audit.ts [keys]
 *
 * One redis-server with that many keys (locks with and without a TTL, sessions, caches), `picklock audit` in a process of its own, and beside it a
 * PING every 2 ms on a connection of its own, before the audit and during it. Targets for 1,000,000 keys: 20 s, 200 MB.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { cpuTimeMs } from '../src/lib/children.ts'
import { startRedis } from '../test/support/redis.ts'

const keys = Number(process.argv[2] ?? 1_000_000)
const targets = { seconds: 20, megabytes: 200 }
const pingEveryMs = 2
const quietMs = 5000
const batch = 5000

await using redis = await startRedis()
await fill(redis.port)
const quiet = await pingsWhile(redis.port, sleep(quietMs))
let peakBytes = 0
let cpuMs = 0
const startMs = performance.now()
const during = await pingsWhile(redis.port, audit(redis.port))
const seconds = (performance.now() - startMs) / 1000

const megabytes = peakBytes / 1e6
console.log(
  `${keys.toLocaleString('en')} keys: ${seconds.toFixed(1)} s, ${(cpuMs / 1000).toFixed(1)} s of CPU time (target ${targets.seconds}), peak memory ${megabytes.toFixed(0)} MB (target ${targets.megabytes})`,
)
console.log(`PING before: ${figures(quiet)}`)
console.log(`PING during: ${figures(during)}`)
// How long each command kept Redis from serving others, by its own clock.
const stats = `${await redis.admin.info('commandstats')}${await redis.admin.info('latencystats')}`
for (const line of stats.split('\r\n').filter((each) => /_(scan|pttl|memory)/.test(each))) console.log(`  ${line}`)
if (seconds > targets.seconds || megabytes > targets.megabytes) process.exitCode = 1

/** A process of its own, of which the operating system says how much memory it had at most. */
async function audit(port: number): Promise<void> {
  const cli = join(import.meta.dirname, '../src/cli.ts')
  const child = spawn(process.execPath, [cli, 'audit', `redis://127.0.0.1:${port}`, '--format', 'json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.on('data', (data: Buffer) => (said += data.toString()))
  const watching = setInterval(() => {
    cpuMs = cpuTimeMs(child.pid!) ?? cpuMs
    try {
      const [, peakKb] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? []
      if (peakKb !== undefined) peakBytes = Math.max(peakBytes, Number(peakKb) * 1024)
    } catch {
      // It has just ended.
    }
  }, 50)
  await once(child, 'close')
  clearInterval(watching)
  const report = JSON.parse(said) as { nodes: { keys: number; patterns: unknown[]; notRead: string[] }[] }
  const [node] = report.nodes
  if (node!.keys < keys || node!.notRead.length > 0)
    throw new Error(`it saw ${node!.keys} keys; ${node!.notRead.join('; ')}`)
}

/** ms of each PING, one at a time. */
async function pingsWhile(port: number, work: Promise<unknown>): Promise<number[]> {
  const took: number[] = []
  let over = false
  const done = work.finally(() => (over = true))
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  await once(socket, 'connect')
  while (!over) {
    const sentMs = performance.now()
    socket.write('PING\r\n')
    await once(socket, 'data')
    took.push(performance.now() - sentMs)
    await sleep(pingEveryMs)
  }
  socket.destroy()
  await done
  return took
}

function figures(took: number[]): string {
  const sorted = took.toSorted((a, b) => a - b)
  const at = (share: number) =>
    `${sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!.toFixed(2)} ms`
  return `p50 ${at(0.5)}, p99 ${at(0.99)}, p99.9 ${at(0.999)}, max ${at(1)} (${sorted.length})`
}

async function fill(port: number): Promise<void> {
  const client = new Redis({ host: '127.0.0.1', port })
  for (let from = 0; from < keys; from += batch) {
    const pipeline = client.pipeline()
    for (let key = from; key < Math.min(keys, from + batch); key++) {
      const token = crypto.randomUUID()
      if (key % 10 < 3) pipeline.set(`lock:coupon:issue:${key}`, token)
      else if (key % 10 < 5) pipeline.set(`lock:stock:${key}`, token, 'PX', 600_000)
      else if (key % 10 < 8) pipeline.set(`sess:${token}`, '{"cookie":{},"userId":848}', 'EX', 43_200)
      else pipeline.set(`cache:product:${key}:detail`, 'x'.repeat(64))
    }
    await pipeline.exec()
  }
  client.disconnect()
}
