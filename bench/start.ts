/**
 * `node bench/start.ts [rounds]`: how long until the nodes and proxies of each topology are ready, in a process that has started nothing
 * before (as every `picklock run`), beside the start of one bare redis-server in the same run. Medians in ms.
 *
 * The clock runs from the first line of a drill (temp folder, janitor) to the last node's readiness: every link open, every replica
 * following, every Sentinel seeing the quorum. Loading our own modules comes before.
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { ping } from '../src/lib/ping.ts'
import { Ports } from '../src/lib/ports.ts'
import { findTool } from '../src/lib/tools.ts'
import { stand } from '../test/support/cluster.ts'

const targetsMs = { single: 150, sentinel: 300, redlock: 200 }

/** Spawn to PONG of a redis-server without any settings of ours. */
async function bareMs(): Promise<number> {
  await using ports = await Ports.open()
  const port = await ports.next()
  const startMs = performance.now()
  const child = spawn(findTool('redis-server'), ['--port', String(port), '--save', ''], { stdio: 'ignore' })
  while (!(await ping({ host: '127.0.0.1', port }, '', 1000).then((pong) => pong.ok || /ERR AUTH/.test(pong.error))));
  const tookMs = performance.now() - startMs
  child.kill('SIGKILL')
  await once(child, 'exit')
  return tookMs
}

async function standMs(topology: string): Promise<number> {
  const startMs = performance.now()
  await using _up = await stand(topology)
  return performance.now() - startMs
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!

async function main(rounds: number): Promise<void> {
  const took: Record<string, number[]> = { bare: [], single: [], sentinel: [], redlock: [] }
  for (let round = 0; round < rounds; round++)
    for (const [name, values] of Object.entries(took))
      values.push(
        Number(execFileSync(process.execPath, [fileURLToPath(import.meta.url), '--one', name], { encoding: 'utf8' })),
      )
  const bare = median(took['bare']!)
  console.log(`${rounds} rounds, a fresh process each\n`)
  console.log('            median     min     max   × bare   target')
  for (const [name, values] of Object.entries(took)) {
    const target = targetsMs[name as keyof typeof targetsMs]
    const numbers = [median(values), Math.min(...values), Math.max(...values)]
    const cells = numbers.map((ms) => ms.toFixed(0).padStart(6)).join('  ')
    console.log(
      `${name.padEnd(10)}  ${cells}   ${(median(values) / bare).toFixed(1).padStart(6)}   ${target === undefined ? '' : `≤ ${target}`}`.trimEnd(),
    )
  }
}

const [first, second] = process.argv.slice(2)
if (first !== '--one') await main(Number(first ?? 9))
else console.log(second === 'bare' ? await bareMs() : await standMs(second!))
