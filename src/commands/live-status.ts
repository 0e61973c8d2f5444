import { colorLevel } from '../reporters/color.ts'
import { progressOn, type ProgressLine } from './progress.ts'

/** What takes less is over before anybody wonders. */
const firstMs = 1000
/** Where lines cannot be rewritten, news are rare. */
const everyMs = 5000
const rewriteMs = 100

export interface LiveStatus extends Disposable {
  /** What is going on, over and over. */
  status(text: string): void
  say(text: string): void
}

/** Progress on stderr of a command that looks at a live Redis: from a second on, on a terminal as one line that is rewritten. */
export function liveStatus(): LiveStatus {
  const line: ProgressLine = progressOn(process.stderr, { verbose: false, color: colorLevel('stderr') })
  let nextMs = performance.now() + firstMs
  return {
    status(text) {
      const nowMs = performance.now()
      if (nowMs < nextMs) return
      nextMs = nowMs + (line.live ? rewriteMs : everyMs)
      if (line.live) line.status(text)
      else line.say(`  ${text}`)
    },
    say: (text) => line.say(text),
    [Symbol.dispose]: () => {
      if (line.live) line.clear()
    },
  }
}
