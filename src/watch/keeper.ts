/**
 * The keeper of notify-keyspace-events: a process of its own that turns the notifications on, and puts the setting back as it was when its stdin ends:
 * because `watch` is over, or because it was killed, be it with SIGKILL. So there is one way back and not two. It is the only part of `watch` that
 * writes to Redis, and the setting is all that it writes.
 *
 * stdin: the node as a line of JSON. stdout: a line of JSON when the notifications are on, and one when they are as they were.
 */
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { connectTo, type LiveNode } from '../live/open.ts'
import { textOf } from '../live/resp.ts'
import { sameFlags, withLocks } from './notify-flags.ts'

export type KeeperSays =
  | { on: true; before: string; now: string }
  | { on: false; restored: true; value: string }
  | { on: false; restored: false; why: string }

const setting = 'notify-keyspace-events'

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGPIPE'] as const) process.on(signal, () => {})
process.stdout.on('error', () => {})

const say = (words: KeeperSays) => process.stdout.write(`${JSON.stringify(words)}\n`)
const lines = createInterface({ input: process.stdin })
const [first] = (await once(lines, 'line')) as [string]
const node = JSON.parse(first) as LiveNode
const ended = once(lines, 'close')

const before = await change((flags) => withLocks(flags)).catch((error: unknown) => {
  say({ on: false, restored: false, why: (error as Error).message })
  process.exit(0)
})
say({ on: true, before: before.was, now: before.is })
await ended
try {
  const after = await change((flags) => (sameFlags(flags, before.is) ? before.was : flags))
  say(
    sameFlags(after.is, before.was)
      ? { on: false, restored: true, value: after.is }
      : { on: false, restored: false, why: `somebody else has set it to "${after.is}" meanwhile` },
  )
} catch (error) {
  say({ on: false, restored: false, why: (error as Error).message })
}
process.exit(0)

/** On a connection of its own: the last one may be long gone. */
async function change(to: (flags: string) => string): Promise<{ was: string; is: string }> {
  using connection = await connectTo(node, ['CONFIG SET'])
  const reply = await connection.ask('CONFIG', 'GET', setting)
  const was = Array.isArray(reply) ? textOf(reply[1]) : ''
  const is = to(was)
  if (is !== was) await connection.ask('CONFIG', 'SET', setting, is)
  return { was, is }
}
