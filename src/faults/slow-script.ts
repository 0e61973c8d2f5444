import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { z } from 'zod'
import { within } from '../lib/within.ts'
import { again } from './again.ts'
import { dialAs } from './clients.ts'
import { eachNode } from './each-node.ts'
import type { Fault } from './fault.ts'
import { changeSettings } from './settings.ts'

const parameters = z.strictObject({
  /** How long one script runs; without it as long as the fault. */
  scriptMs: z.number().min(1).max(3_600_000).optional(),
  /** The next begins so long after the last began, more or less by half; without it there is one. */
  everyMs: z.number().min(10).max(3_600_000).optional(),
  /** For so long others wait; then they are answered with BUSY until the script ends. More than `scriptMs`: they wait all the time. */
  busyAfterMs: z.int().min(1).max(3_600_000).default(100),
})

const source = readFileSync(new URL('slow-script.lua', import.meta.url), 'utf8')
/** How long a probe waits for BUSY, or at most for nothing. */
const busyMs = 10_000
const silenceMs = 200
/** How late the end of a script may be seen. */
const endMs = 10_000
const killEveryMs = 20

export const slowScript = {
  name: 'slow-script',
  title: 'A Lua script keeps the node to itself',
  docs: `One long EVAL, or one after another, as of a report that somebody runs on the primary: Redis does one thing at a time. Others wait for \`busyAfterMs\`
(\`busy-reply-threshold\`, five seconds by default), then every command is refused with BUSY, also a lock's release and its own scripts. No key expires while it
runs, though all leases run on. It ends by itself, or is killed at the heal. Landed when a command of another client got BUSY, or no answer.`,
  group: 'nodes',
  color: '#5f7f3a',
  parameters,
  defaultTarget: 'primary',
  inject: (target, { busyAfterMs, scriptMs, everyMs }, stage) =>
    eachNode(target, async (node) => {
      const admin = stage.cluster.admin(node.name)
      await using stack = new AsyncDisposableStack()
      const [runner, probe] = [stack.use(await dialAs(admin, 'runner')), stack.use(await dialAs(admin, 'probe'))]
      // Its old name, which every version knows.
      stack.defer(await changeSettings(node, admin, { 'lua-time-limit': String(busyAfterMs) }))
      const forMs = scriptMs ?? stage.forMs
      let running: Promise<void> | undefined
      const run = () =>
        (running = runner.eval(source, 0, forMs).then(
          () => void (running = undefined),
          () => void (running = undefined),
        ))
      const first = run()
      const answer = await Promise.race([
        probe.get('picklock:probe').then(
          () => 'an answer',
          (error: Error) => error.message,
        ),
        sleep(busyAfterMs < forMs ? busyMs : Math.min(silenceMs, forMs / 2)).then(() => 'no answer'),
      ])
      const landed = running !== undefined && (answer.startsWith('BUSY') || answer === 'no answer')
      const repeating = everyMs === undefined ? undefined : again(everyMs, stage, () => running ?? run())
      const healing = stack.move()
      return {
        landed,
        proof: landed ? `a GET on ${node.name} got ${answer.split('.')[0]}` : `${node.name} gave ${answer} to a GET`,
        async heal() {
          await using _healing = healing
          if (busyAfterMs < forMs) void kill(admin, () => running !== undefined)
          const ended = Promise.all([first, repeating?.stop()])
          await within(forMs + endMs, `the end of the script on ${node.name}`, ended)
        },
      }
    }),
} satisfies Fault<typeof parameters>

/** SCRIPT KILL is heard only once others are answered with BUSY. */
async function kill(admin: Redis, running: () => boolean): Promise<void> {
  for (const untilMs = performance.now() + endMs; running() && performance.now() < untilMs; await sleep(killEveryMs))
    await admin.script('KILL').catch(() => {})
}
