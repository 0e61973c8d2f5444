import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { z } from 'zod'

/** A line of k6's log in its JSON format. */
const logLine = z.object({ level: z.string(), msg: z.string(), source: z.string().optional() })
type LogLine = z.infer<typeof logLine>

/** The lines of a log; what k6 or the script prints besides is left out. */
function logLines(text: string): LogLine[] {
  return text.split('\n').flatMap((each) => {
    if (!each.startsWith('{')) return []
    try {
      const { success, data } = logLine.safeParse(JSON.parse(each))
      return success ? [data] : []
    } catch {
      return []
    }
  })
}

/** What an exception of the script says, and how many there were; undefined where there was none. */
export function exceptionsIn(text: string, cwd: string): { count: number; first: string } | undefined {
  const thrown = logLines(text).filter(({ source }) => source === 'stacktrace')
  return thrown.length === 0 ? undefined : { count: thrown.length, first: sentenceOf(thrown[0]!.msg, cwd) }
}

/** The first error of a log, where there is one. */
export function firstError(text: string, cwd: string): string | undefined {
  const error = logLines(text).find(({ level }) => level === 'error' || level === 'fatal')
  return error && sentenceOf(error.msg, cwd)
}

/** k6 names a place in three ways: `file:///a.js:3:9(12)`, `file:///a.js: Line 3:9 Unexpected …`, and in the middle of a stack. */
const place = /file:\/\/(\/[^\s():]+):(?: Line )?(\d+):(\d+)/
const wrappings = [
  /^could not initialize '[^']*': /,
  /could not load JS test '[^']*': /,
  /^(file:\/\/\S+: Line \d+:\d+ )/,
]

/** One sentence that begins with file:line:column, where k6 tells it. */
export function sentenceOf(message: string, cwd: string): string {
  const [, file, row, column] = place.exec(message) ?? []
  const said = wrappings.reduce((text, wrapping) => text.replace(wrapping, ''), message.split('\n\tat ')[0]!)
  const sentence = said
    .replace(/ If you're running k6 using the Docker image .*$/s, '')
    .replaceAll(/\s*\n\s*-?\s*/g, ' ')
    .trim()
  if (file === undefined) return sentence
  return `${shown(file, cwd)}:${row}:${column}: ${sentence}`
}

export const startsWithPlace = (sentence: string): boolean => /^\S+:\d+:\d+: /.test(sentence)

const shown = (file: string, cwd: string) => {
  const fromHere = relative(cwd, file)
  return fromHere.startsWith('..') ? file : fromHere
}

/** k6's own end-of-test summary; in it `true` means a threshold that was crossed. */
const summary = z.object({
  metrics: z.record(z.string(), z.looseObject({ thresholds: z.record(z.string(), z.boolean()).optional() })),
})

export interface ThresholdSaid {
  metric: string
  threshold: string
  value: number | null
  ok: boolean
}

/** The thresholds that a k6 judged, by its summary; undefined where there is none. `value` is null where the summary does not name it. */
export function thresholdsSaid(file: string): ThresholdSaid[] | undefined {
  try {
    const { metrics } = summary.parse(JSON.parse(readFileSync(file, 'utf8')))
    // k6 lists its metrics in no order.
    const inOrder = Object.entries(metrics).toSorted(([a], [b]) => (a < b ? -1 : 1))
    return inOrder.flatMap(([metric, { thresholds = {}, ...values }]) =>
      Object.entries(thresholds).map(([threshold, crossed]) => {
        const word = threshold.split(/[<>=!]/)[0]!.replaceAll(' ', '')
        // The value of a rate is called so.
        const value = values[word] ?? (word === 'rate' ? values['value'] : undefined)
        return { metric, threshold, value: typeof value === 'number' ? value : null, ok: !crossed }
      }),
    )
  } catch {
    return undefined
  }
}
