import type { Writable } from 'node:stream'
import type { DrillProgress } from '../drill.ts'
import { humanMs, plain } from '../reporters/text.ts'

/**
 * What a person sees on stderr while a drill runs. On a terminal one line is rewritten as the load goes on; elsewhere (CI logs) there
 * are only whole lines: phases and faults.
 */
export interface ProgressLine extends DrillProgress {
  /** A heading above what follows. */
  title(text: string): void
  /** A line of its own. */
  say(text: string): void
  /** Clears the line that is rewritten, before something else is printed. */
  clear(): void
}

export const silent: ProgressLine = { title() {}, say() {}, clear() {}, phase() {}, tick() {}, fault() {} }

/** For a drill that runs beside others: whole lines only, each of which says whose it is; its phases are nobody's news. */
export function amongOthers({ say, clear }: ProgressLine, title: string): ProgressLine {
  return {
    title: () => say(`▸ ${title}`),
    say,
    clear,
    phase() {},
    tick() {},
    fault: (text) => say(`  ${title}: ⚡ ${text}`),
  }
}

/** `isTTY` and `columns` as on process.stderr. */
export function progressOn(stream: Writable & { isTTY?: boolean; columns?: number }): ProgressLine {
  const live = stream.isTTY === true
  let phase = ''
  const rewrite = (text: string) => stream.write(`\r\u001b[2K${text.slice(0, (stream.columns ?? 80) - 1)}`)
  const clear = () => {
    if (live) stream.write('\r\u001b[2K')
  }
  const say = (text: string) => {
    clear()
    stream.write(`${plain(text)}\n`)
  }
  return {
    clear,
    say,
    title: (text) => say(`▸ ${text}`),
    phase(name) {
      phase = plain(name)
      if (live) rewrite(`  ${phase} …`)
      else say(`  ${phase}`)
    },
    tick({ elapsedMs, totalMs, acquired, contended, errors, holding, beside }) {
      if (!live) return
      const numbers = [`${acquired} granted`, `${holding.length} held`]
      if (contended > 0) numbers.push(`${contended} contended`)
      if (errors > 0) numbers.push(`${errors} errors`)
      if (beside) numbers.push(`k6: ${beside.iterations} iterations by ${beside.vus} users`)
      if (beside && beside.dropped > 0) numbers.push(`${beside.dropped} dropped`)
      rewrite(
        `  ${phase} ${bar(elapsedMs / totalMs)} ${humanMs(elapsedMs)} of ${humanMs(totalMs)} · ${numbers.join(' · ')}`,
      )
    },
    fault: (text) => say(`  ⚡ ${text}`),
  }
}

function bar(share: number): string {
  const done = Math.round(Math.min(1, Math.max(0, share)) * 20)
  return '█'.repeat(done) + '░'.repeat(20 - done)
}
