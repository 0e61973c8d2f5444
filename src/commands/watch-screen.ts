import { humanShare } from '../audit/words.ts'
import { plain, wrap } from '../reporters/text.ts'
import {
  backText,
  jsonBack,
  jsonLines,
  jsonLost,
  jsonSummary,
  leakText,
  lostText,
  memoryText,
  statusLine,
  summaryLines,
} from '../watch/lines.ts'
import type { Summing } from '../watch/summary.ts'
import type { Back, Look, Lost } from '../watch/watch.ts'
import { LiveLine } from './live-line.ts'

/** Where `watch` says what it sees. */
export interface WatchScreen {
  note(text: string): void
  look(look: Look): void
  lost(lost: Lost): void
  back(back: Back): void
  end(sum: Summing): void
}

/** More in one interval are a number. */
const leaksShown = 10

const note = (text: string) => void process.stderr.write(`picklock: ${text}\n`)

/** For a program: rows on stdout, sentences on stderr. */
export const ndjson: WatchScreen = {
  note,
  look: (look) => void process.stdout.write(jsonLines(look)),
  lost(lost) {
    process.stdout.write(jsonLost(lost))
    note(lostText(lost))
  },
  back(back) {
    process.stdout.write(jsonBack(back))
    note(backText(back))
  },
  end(sum) {
    const summary = sum.summary()
    if (summary) process.stdout.write(jsonSummary(summary))
  },
}

/** For a person: one line that is rewritten, and above it what is worth staying. */
export function liveScreen(): WatchScreen {
  const line = new LiveLine(process.stdout)
  /** A number stays with what it counts. */
  const bound = (text: string) => plain(text).replaceAll(/(?<=\d) (?=[a-z])/g, '\u00a0')
  const indented = (text: string, width: number, under = '') =>
    wrap(bound(text), Math.max(20, width - 3 - under.length)).map(
      (row, index) => `  ${index === 0 ? '' : under}${row.replaceAll('\u00a0', ' ')}`,
    )
  const say = (at: Date, text: string) => {
    const time = `${at.toTimeString().slice(0, 8)}  `
    line.say((width) => indented(`${time}${text}`, width, ' '.repeat(time.length)).join('\n'))
  }
  return {
    // On stderr also here: it may be a file.
    note: (text) => line.aside((width) => process.stderr.write(`${indented(text, width).join('\n')}\n`)),
    look({ at, leaks, alarm, memory, ...look }) {
      for (const leak of leaks.slice(0, leaksShown)) say(at, leakText(leak))
      if (leaks.length > leaksShown) say(at, `and ${leaks.length - leaksShown} more`)
      if (alarm) say(at, `ALARM: ${humanShare(memory.share)} of the memory limit; ${memoryText(memory)}`)
      line.show((width) => `  ${statusLine({ memory, ...look }, width - 3)}`)
    },
    lost(lost) {
      say(lost.at, lostText(lost))
      line.show(() => '  not connected: nothing is seen')
    },
    back: (back) => say(back.at, backText(back)),
    end(sum) {
      line.clear()
      const summary = sum.summary()
      if (summary === undefined) return
      const rows = summaryLines(summary).flatMap((each) => indented(each, line.width, '  '))
      process.stdout.write(`\n${rows.map((row) => `${row}\n`).join('')}`)
    },
  }
}
