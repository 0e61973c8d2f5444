import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A line of a node's own log. */
export interface LogLine {
  node: string
  /** Since the drill's start, by the wall clock: a few ms beside the history's times. */
  atMs: number
  text: string
}

const linesMax = 20_000
const charactersMax = 300
/** What every start says, and what Sentinel says of its own file. */
const noise =
  /^(oO0OoO|Redis version=|Configuration loaded|monotonic clock|Running mode=|Server initialized|Sentinel new configuration saved|CONFIG REWRITE|WARNING|Warning|Could not create server TCP)/
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** The logs of Redis and Sentinel in a report's folder, in the order of time; empty where there are none. To be read on the machine that wrote them: their times name no zone. */
export async function readNodeLogs(folder: string, startedAt: Date): Promise<LogLine[]> {
  const files = await readdir(join(folder, 'logs')).catch(() => [])
  const nodes = files.filter((file) => /^(redis|sentinel)-\d+\.log$/.test(file))
  const lines = await Promise.all(
    nodes.map(async (file) =>
      parseNodeLog(file.slice(0, -'.log'.length), await readFile(join(folder, 'logs', file), 'utf8'), startedAt),
    ),
  )
  return lines.flat().toSorted((a, b) => a.atMs - b.atMs)
}

/** `18375:M 21 Nov 2026 17:11:00.177 * Ready to accept connections`; lines of another form (the logo, a stack) are left out. */
export function parseNodeLog(node: string, log: string, startedAt: Date): LogLine[] {
  const lines: LogLine[] = []
  for (const line of log.split('\n').slice(0, linesMax)) {
    const found = /^\d+:[A-Z] (\d+) (\w{3}) (\d{4}) (\d\d):(\d\d):(\d\d)\.(\d{3}) . (.*)$/.exec(line)
    if (found === null) continue
    const [, day, month, year, hours, minutes, seconds, ms, text] = found
    if (noise.test(text!)) continue
    const at = new Date(
      Number(year),
      months.indexOf(month!),
      Number(day),
      Number(hours),
      Number(minutes),
      Number(seconds),
      Number(ms),
    )
    lines.push({ node, atMs: at.getTime() - startedAt.getTime(), text: text!.slice(0, charactersMax) })
  }
  return lines
}
