import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { beside } from '../lib/beside.ts'
import { EnvironmentError } from '../lib/failure.ts'
import type { LiveNode } from '../live/open.ts'
import type { KeeperSays } from './keeper.ts'

export interface Notifications extends AsyncDisposable {
  /** notify-keyspace-events as it was. */
  before: string
  now: string
}

/** Turns keyspace notifications on until it is disposed, or this process is gone (keeper.ts). `told` gets a sentence about the way back. */
export async function turnOnNotifications(node: LiveNode, told: (sentence: string) => void): Promise<Notifications> {
  // In a group of its own, so that the terminal's Ctrl-C is not its business. The node, with its password, is nobody else's.
  const child = spawn(process.execPath, [fileURLToPath(beside(import.meta.url, 'keeper'))], {
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
  })
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()))
  child.on('error', () => {})
  child.stdin.on('error', () => {})
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async (): Promise<KeeperSays> => {
    const { value, done } = await lines.next()
    return done ? { on: false, restored: false, why: 'its process has ended' } : (JSON.parse(value) as KeeperSays)
  }
  child.stdin.write(`${JSON.stringify(node)}\n`)
  const first = await next()
  if (!first.on) {
    child.stdin.end()
    throw new EnvironmentError(
      `the notifications of ${node.name} cannot be turned on: ${first.restored ? 'they were turned off again' : first.why}`,
    )
  }
  return {
    before: first.before,
    now: first.now,
    async [Symbol.asyncDispose]() {
      child.stdin.end()
      const last = await next()
      told(
        !last.on && last.restored
          ? `notify-keyspace-events is "${last.value}" again`
          : `notify-keyspace-events of ${node.name} is not as it was ("${first.before}"): ${last.on ? 'it is still on' : last.why}`,
      )
      await gone
    },
  }
}
