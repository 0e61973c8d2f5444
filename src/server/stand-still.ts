import { existsSync } from 'node:fs'
import { monotonicNs } from '../lib/clock.ts'
import type { FromServer, StandStill } from './messages.ts'
import type { OrderServer } from './server.ts'

/** A loop that nobody ends: its controller is gone, and its janitor comes. */
const loopMaxMs = 120_000
/** Between two looks at whether the loop is over. */
const lapMs = 2
/** A ping that was on its way meanwhile is answered, and left out, within this time. */
const afterwardsMs = 250

/**
 * Makes this very process stand still, in its own turn: so that "while it holds a lock" is no guess of somebody who looks on. What it has
 * seen is on disk before, and the controller has its word.
 */
export function standStill(server: OrderServer, order: StandStill, say: (message: FromServer) => void): void {
  const act = (holding: readonly string[]) => {
    // It came too late: nobody is waiting for it any more, and nobody would heal it.
    if (monotonicNs() > BigInt(order.beforeNs)) return
    server.flush()
    server.leaveOutPings(true)
    say({ kind: 'standing-still', order: order.order, t: server.now(), holding })
    if (order.by === 'loop') loop(order.until)
    else stop(server.pids)
    setTimeout(() => server.leaveOutPings(false), afterwardsMs).unref()
  }
  if (order.whileHolding) server.whileHolding(act)
  else act(server.holding())
}

/** Returns when somebody says SIGCONT. The programs first: they must not outrun their server. */
function stop(programs: readonly number[]): void {
  for (const pid of [...programs, process.pid]) {
    try {
      process.kill(-pid, 'SIGSTOP')
    } catch {
      // a program that is gone
    }
  }
}

/** What a synchronous hash, a regular expression or a large JSON does: no timer, no reply and no signal handler comes through. */
function loop(until: string): void {
  const parent = process.ppid
  const endMs = performance.now() + loopMaxMs
  while (existsSync(until) && process.ppid === parent && performance.now() < endMs)
    for (const beganMs = performance.now(); performance.now() - beganMs < lapMs;);
}
