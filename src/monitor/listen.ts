import { setTimeout as sleep } from 'node:timers/promises'
import { connectTo, find } from '../live/open.ts'
import type { Target } from '../live/target.ts'
import { Capture } from './capture.ts'
import type { Read } from './read.ts'

export interface ListenOptions {
  target: Target
  forMs: number
  signal: AbortSignal
  onProgress: (capture: Capture, leftMs: number) => void
}

/** Whoever reads MONITOR more slowly than Redis works makes it buffer without a limit: that far behind, this one hangs up. */
const behindMaxUs = 3e6
const progressMs = 250

/**
 * What Redis does from now on, as MONITOR tells it, for so long or until the signal. Throws where there is nothing to listen to; a connection that breaks on the
 * way ends it, and what was heard counts. Sends nothing but MONITOR.
 */
export async function listen({ target, forMs, signal, onProgress }: ListenOptions): Promise<Read & { node: string }> {
  const { node } = await find(target)
  using connection = await connectTo(node)
  const capture = new Capture()
  const behind = Promise.withResolvers<string>()
  const lag = lagOf(capture)
  await connection.monitor((chunk) => {
    capture.take(chunk)
    if (lag() > behindMaxUs)
      behind.resolve(
        `this machine is slower than ${node.name} and fell behind; so that Redis need not buffer, the capture ends here`,
      )
  })
  const endMs = performance.now() + forMs
  const progress = setInterval(() => onProgress(capture, Math.max(0, endMs - performance.now())), progressMs)
  const over = new AbortController()
  try {
    const broken = await Promise.race([
      sleep(forMs, undefined, { signal: AbortSignal.any([signal, over.signal]) }).catch(() => undefined),
      connection.ended.then((failure) => failure.message),
      behind.promise,
    ])
    capture.end()
    return {
      capture,
      node: node.name,
      ...(broken !== undefined && { broken: `${broken}; what was heard before is counted` }),
    }
  } finally {
    over.abort()
    clearInterval(progress)
  }
}

/** By how much the newest line is older than the newest ever was: both clocks may be wrong. */
function lagOf({ traffic }: Capture): () => number {
  let leastUs = Infinity
  return () => {
    const nowUs = Date.now() * 1000 - traffic.lastUs
    if (nowUs < leastUs) leastUs = nowUs
    return nowUs - leastUs
  }
}
