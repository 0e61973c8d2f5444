import { Chalk, type ColorSupportLevel } from 'chalk'
import type { DrillProgress } from '../drill.ts'
import { colorLevel } from '../reporters/color.ts'
import { plain, wrap } from '../reporters/text.ts'
import { LiveLine, type Terminal } from './live-line.ts'
import { GrantRate, loadLine } from './load-line.ts'

/**
 * What a person sees on stderr while drills run. On a terminal one line is rewritten as the load goes on; elsewhere (CI logs) there
 * are only whole lines: phases and faults.
 */
export interface ProgressLine extends DrillProgress {
  /** A heading above what follows. */
  title(text: string): void
  /** A line of its own. */
  say(text: string): void
  /** How far a run of many drills is, for the line that is rewritten; elsewhere nothing. */
  status(text: string): void
  /** Clears the line that is rewritten, before something else is printed. */
  clear(): void
}

export const silent: ProgressLine = {
  live: false,
  title() {},
  say() {},
  status() {},
  clear() {},
  phase() {},
  tick() {},
  fault() {},
  detail() {},
}

/** For a drill that runs beside others: whole lines only, each of which says whose it is; its phases are nobody's news. */
export function amongOthers(shared: ProgressLine, title: string): ProgressLine {
  return {
    ...shared,
    live: false,
    title: () => shared.title(title),
    phase() {},
    tick() {},
    fault: (text) => shared.fault(`${title}: ${text}`),
    detail: (text) => shared.detail(`${title}: ${text}`),
  }
}

export interface ProgressOptions {
  /** Also what happens to nodes and servers, each stage of a fault, and where the logs are. */
  verbose: boolean
  /** chalk's level, 0 = none. */
  color: ColorSupportLevel
}

/** As the user asked for it, on stderr. */
export const progressOf = ({
  quiet,
  verbose,
}: {
  quiet?: true | undefined
  verbose?: true | undefined
}): ProgressLine =>
  quiet ? silent : progressOn(process.stderr, { verbose: verbose === true, color: colorLevel('stderr') })

/** `stream` as process.stderr is. */
export function progressOn(stream: Terminal, options: ProgressOptions): ProgressLine {
  return stream.isTTY === true ? onTerminal(stream, options) : inLines(stream, options)
}

function inLines(stream: Terminal, { verbose }: ProgressOptions): ProgressLine {
  const say = (text: string) => stream.write(`${plain(text)}\n`)
  return {
    ...silent,
    say,
    title: (text) => say(`▸ ${text}`),
    phase: (name) => say(`  ${name}`),
    fault: (text) => say(`  ⚡ ${text}`),
    detail: (text) => verbose && say(`    ${text}`),
  }
}

function onTerminal(stream: Terminal, { verbose, color }: ProgressOptions): ProgressLine {
  const chalk = new Chalk({ level: color })
  const line = new LiveLine(stream)
  let rate = new GrantRate()
  let phase = ''
  /** What follows a mark stands under its text. */
  const say = (mark: string, text: string, paint = (one: string) => one) =>
    line.say((width) => {
      const rows = wrap(plain(text), Math.max(10, width - mark.length - 1))
      return rows.map((row, index) => paint((index === 0 ? mark : ' '.repeat(mark.length)) + row)).join('\n')
    })
  return {
    live: true,
    say: (text) => say('', text),
    title: (text) => say('▸ ', text, chalk.bold),
    fault: (text) => say('  ⚡ ', text),
    detail: (text) => verbose && say('    ', text, chalk.dim),
    status: (text) => line.show(() => `  ${text}`),
    clear: () => line.clear(),
    phase(name) {
      phase = name
      rate = new GrantRate()
      line.show(() => `  ${name} …`)
    },
    tick(tick) {
      const perSecond = rate.next(tick)
      line.show(
        (width) => loadLine(phase, tick, perSecond, width),
        (text) => tick.damage.reduce((painted, damage) => painted.replace(damage, chalk.red(damage)), text),
      )
    },
  }
}
