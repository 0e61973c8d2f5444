/**
 * `node bench/up.ts [rounds] [--image …]`: how long until a topology in containers is up, from the command to its printed endpoints, beside `docker compose up --wait` of the same
 * containers (docker-compose.yml without its Postgres), in turns. Images have to be there. Medians in s.
 *
 * Ours makes the links of one server as well; compose waits for its health checks. Compose takes its images from the environment (PICKLOCK_REDIS_IMAGE, PICKLOCK_TOXIPROXY_IMAGE).
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { loadavg } from 'node:os'
import { resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const targetsS = { single: 2, sentinel: 4, redlock: 3 }
type Kind = keyof typeof targetsS

const services: Record<Kind, string[]> = {
  single: ['toxiproxy', 'single-redis-1'],
  sentinel: ['toxiproxy', 'sentinel-redis-1', 'sentinel-redis-2', 'sentinel-1', 'sentinel-2', 'sentinel-3'],
  redlock: ['toxiproxy', 'redlock-redis-1', 'redlock-redis-2', 'redlock-redis-3'],
}

async function ourS(kind: Kind, images: string[]): Promise<number> {
  const startMs = performance.now()
  const up = spawn(
    process.execPath,
    ['bin/picklock', 'up', kind, '--runtime', 'docker', '--format', 'json', ...images],
    { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  await once(up.stdout, 'data')
  const tookS = (performance.now() - startMs) / 1000
  up.kill('SIGINT')
  await once(up, 'close')
  return tookS
}

function composeS(kind: Kind): number {
  const compose = (...args: string[]) =>
    execFileSync('docker', ['compose', '--profile', kind, ...args], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'ignore'],
    })
  const startMs = performance.now()
  compose('up', '-d', '--wait', ...services[kind])
  const tookS = (performance.now() - startMs) / 1000
  compose('down', '-v', '-t', '1')
  return tookS
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!

const [first, ...images] = process.argv.slice(2)
const rounds = Number(first ?? 5)
console.log(`${rounds} rounds in turns; load of the machine: ${loadavg()[0]!.toFixed(1)}\n`)
console.log('            median     min     max   target   compose: median     min     max')
for (const kind of Object.keys(services) as Kind[]) {
  const [ours, theirs]: [number[], number[]] = [[], []]
  for (let round = 0; round < rounds; round++) {
    ours.push(await ourS(kind, images))
    theirs.push(composeS(kind))
  }
  const cells = (values: number[]) =>
    [median(values), Math.min(...values), Math.max(...values)].map((s) => s.toFixed(2).padStart(6)).join('  ')
  console.log(`${kind.padEnd(10)}  ${cells(ours)}   ${`≤ ${targetsS[kind]}`.padEnd(6)}           ${cells(theirs)}`)
}
