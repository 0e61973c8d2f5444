import type { Event } from './event.ts'

/** Why a line is not taken: what stood there is missing. */
export type Refused = 'cut or no event' | 'of a kind that is not known'

const types = new Set<unknown>(['invoke', 'ok', 'fail', 'info'])
const isNumber = (value: unknown) => typeof value === 'number' && Number.isFinite(value)
const isText = (value: unknown) => typeof value === 'string'
const isCounts = (value: unknown) => typeof value === 'object' && value !== null && Object.values(value).every(isNumber)
/** Numbers of operations index tables. */
const isOp = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0

type Field = (value: unknown) => boolean
type Shape = { needs: Record<string, Field>; may?: Record<string, Field> }

const operation: Shape = {
  needs: { op: isOp, key: isText },
  may: {
    grant: isOp,
    token: isText,
    fence: isText,
    ttlMs: isNumber,
    waitMs: isNumber,
    validForMs: isNumber,
    lagNs: isNumber,
    claimLagNs: isNumber,
    error: isText,
  },
}

/** What checkers rely on. What else an event says is of no harm. */
const shapes: Record<Event['f'], Shape> = {
  acquire: operation,
  extend: operation,
  work: operation,
  release: operation,
  lost: operation,
  request: { needs: { op: isOp, key: isText, intendedNs: isNumber, outcome: isText }, may: { acquire: isOp } },
  fault: {
    needs: { op: isOp, fault: isText, target: isText, stage: isText },
    may: { plannedNs: isNumber, feltNs: isNumber },
  },
  topology: { needs: { event: isText, node: isText }, may: { from: isText, to: isText } },
  phase: { needs: { phase: isText } },
  key: { needs: { event: isText, key: isText }, may: { value: isText, pttlMs: isNumber, lagNs: isNumber } },
  audit: { needs: { key: isText, waitedMs: isNumber } },
  adapter: { needs: { event: isText } },
  count: { needs: { counts: isCounts }, may: { lock: isCounts } },
  node: {
    needs: {
      usedBytes: isNumber,
      maxBytes: isNumber,
      clients: isNumber,
      commands: isNumber,
      harnessCommands: isNumber,
      errorReplies: isNumber,
    },
  },
}
const compiled = new Map<unknown, { needs: [string, Field][]; may: [string, Field][] }>(
  Object.entries(shapes).map(([f, { needs, may = {} }]) => [
    f,
    { needs: Object.entries(needs), may: Object.entries(may) },
  ]),
)

/** One line of a history. Whoever wrote it: what is returned has the shape that its `f` promises. */
export function parseEvent(line: string): Event | Refused {
  let value: Partial<Event> | null
  try {
    value = JSON.parse(line) as Partial<Event> | null
  } catch {
    return 'cut or no event'
  }
  if (typeof value !== 'object' || value === null) return 'cut or no event'
  if (!isNumber(value.t) || !isText(value.process) || !isText(value.f) || !isText(value.type)) return 'cut or no event'
  const shape = compiled.get(value.f)
  if (shape === undefined || !types.has(value.type)) return 'of a kind that is not known'
  const fields = value as Record<string, unknown>
  for (const [name, isRight] of shape.needs) if (!isRight(fields[name])) return 'cut or no event'
  for (const [name, isRight] of shape.may)
    if (fields[name] !== undefined && !isRight(fields[name])) return 'cut or no event'
  return value as Event
}
