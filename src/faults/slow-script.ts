import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { z } from 'zod'
import { within } from '../lib/within.ts'
import { dialAs } from './clients.ts'
import { eachNode } from './each-node.ts'
import type { Fault } from './fault.ts'
import { changeSettings } from './settings.ts'

const parameters = z.strictObject({
  /** For so long others wait; then they are answered with BUSY until the script ends. More than `for`: they wait all the time. */
  busyAfterMs: z.int().min(1).max(3_600_000).default(100),
})

const source = readFileSync(new URL('slow-script.lua', import.meta.url), 'utf8')
/** How long a probe waits for a sign beside `busyAfterMs`. */
const probeMs = 300
/** The script ends by itself this much after its time, should nobody be there to kill it. */
const extraMs = 250
/** How late its end may be seen. */
const endMs = 10_000
const killEveryMs = 20

export const slowScript = {
  name: 'slow-script',
  title: 'A Lua script keeps the node to itself',
  docs: `One long EVAL, as of a report that somebody runs on the primary: Redis does one thing at a time. Others wait for \`busyAfterMs\` (\`busy-reply-threshold\`, five seconds
by default), then every command is refused with BUSY, also a lock's release and its own scripts. No key expires while it runs, though all leases run on. At the
heal it is killed, or ends by itself. Landed when a command of another client got BUSY, or no answer.`,
  group: 'nodes',
  color: '#5f7f3a',
  parameters,
  defaultTarget: 'primary',
  inject: (target, { busyAfterMs }, stage) =>
    eachNode(target, async (node) => {
      const admin = stage.cluster.admin(node.name)
      await using stack = new AsyncDisposableStack()
      const [runner, probe] = [stack.use(await dialAs(admin, 'runner')), stack.use(await dialAs(admin, 'probe'))]
      // Its old name, which every version knows.
      const restore = await changeSettings(node, admin, { 'lua-time-limit': String(busyAfterMs) })
      stack.defer(restore)
      let running = true
      const ended = runner.eval(source, 0, stage.forMs + extraMs).then(
        () => void (running = false),
        () => void (running = false),
      )
      const answer = await Promise.race([
        probe.get('picklock:probe').then(
          () => 'an answer',
          (error: Error) => error.message,
        ),
        sleep(busyAfterMs <= stage.forMs ? endMs : Math.min(probeMs, stage.forMs / 2)).then(() => 'no answer'),
      ])
      const landed = running && (answer.startsWith('BUSY') || answer === 'no answer')
      const healing = stack.move()
      return {
        landed,
        proof: landed ? `a GET on ${node.name} got ${answer.split('.')[0]}` : `${node.name} gave ${answer} to a GET`,
        async heal() {
          await using _healing = healing
          if (busyAfterMs < stage.forMs) void kill(admin, () => running)
          await within(stage.forMs + endMs, `the end of the script on ${node.name}`, ended)
        },
      }
    }),
} satisfies Fault<typeof parameters>

/** SCRIPT KILL is heard only once others are answered with BUSY. */
async function kill(admin: Redis, running: () => boolean): Promise<void> {
  for (const untilMs = performance.now() + endMs; running() && performance.now() < untilMs; await sleep(killEveryMs))
    await admin.script('KILL').catch(() => {})
}
