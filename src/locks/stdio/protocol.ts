import { z } from 'zod'
import type { Endpoints, TopologyKind } from '../lock.ts'

/**
 * The stdio protocol, version 1: a JSON object a line, requests on the program's stdin, answers and events on its stdout. This file knows
 * the lines; program.ts the process; stdio.ts the conversation. Unknown fields are ignored, `null` is absent.
 */

export const protocolVersion = 1
/** Bytes of a line, its newline not counted, in both directions. */
export const lineMaxBytes = 1024 * 1024

export type Request =
  | { op: 'hello'; protocol: number }
  | {
      op: 'open'
      topology: TopologyKind
      server: string
      ttlMs: number
      waitMs: number
      endpoints: Endpoints
      options: Readonly<Record<string, unknown>>
    }
  | { op: 'acquire'; key: string; ttlMs: number; waitMs: number }
  | { op: 'extend'; grant: string | number; ttlMs: number }
  | { op: 'release'; grant: string | number }
  | { op: 'cancel'; target: number }
  | { op: 'ping' }
  | { op: 'close' }

/** What the program must not do. The drill ends as unknown and shows the line. */
export class Violation extends Error {
  override name = 'Violation'
}

const atError = 'at must be nanoseconds of CLOCK_MONOTONIC, as a decimal string'
const nanoseconds = z
  .union([z.string().regex(/^\d{1,19}$/, atError), z.int({ error: atError }).min(0, atError)], { error: atError })
  .transform((at) => BigInt(at))

const fenceError = 'fence must be an integer; one above 2^53 must be a decimal string'
const fence = z
  .union([z.string().regex(/^-?\d+$/, fenceError), z.int({ error: fenceError })], { error: fenceError })
  .transform(String)

const error = z.object({ class: z.string().default('Error'), message: z.string().default('') })
const timed = { at: nanoseconds.optional() }
const validity = { validForMs: z.number().optional() }
const grant = z.union([z.string(), z.int()], { error: 'grant must be a text or an integer' })
const unavailable = z.object({ result: z.literal('unavailable'), error: error.prefault({}), ...timed })
const indeterminate = z.object({ result: z.literal('indeterminate'), error: error.prefault({}), ...timed })

/** What may answer which request; `cancel` has no answer of its own. */
const answers = {
  hello: z.discriminatedUnion('result', [
    z.object({
      result: z.literal('hello'),
      protocol: z.literal(protocolVersion, { error: `protocol must be ${protocolVersion}` }),
      name: z.string().min(1),
      capabilities: z
        .object({ extend: z.boolean(), autoExtend: z.boolean(), fencing: z.boolean() })
        .partial()
        .default({}),
      topologies: z.array(z.enum(['single', 'sentinel', 'redlock'])).optional(),
      bookkeeping: z.array(z.string()).default([]),
    }),
  ]),
  open: z.discriminatedUnion('result', [z.object({ result: z.literal('opened') })]),
  acquire: z.discriminatedUnion('result', [
    z.object({
      result: z.literal('granted'),
      grant,
      token: z.string().optional(),
      fence: fence.optional(),
      ...validity,
      ...timed,
    }),
    z.object({ result: z.literal('contended'), ...timed }),
    unavailable,
    indeterminate,
  ]),
  extend: z.discriminatedUnion('result', [
    z.object({ result: z.literal('extended'), ...validity, ...timed }),
    z.object({ result: z.literal('lost'), ...timed }),
    unavailable,
    indeterminate,
  ]),
  release: z.discriminatedUnion('result', [
    z.object({ result: z.literal('released'), ...timed }),
    z.object({ result: z.literal('not_held'), ...timed }),
    unavailable,
    indeterminate,
  ]),
  ping: z.discriminatedUnion('result', [z.object({ result: z.literal('pong') })]),
  close: z.discriminatedUnion('result', [z.object({ result: z.literal('closed') })]),
} satisfies Record<Exclude<Request['op'], 'cancel'>, z.ZodType>

export type AnswerableOp = keyof typeof answers
export type Answer<Op extends AnswerableOp> = z.output<(typeof answers)[Op]>

/** What may come instead of the answer to `hello` or `open`. */
const failure = z.object({ error }).transform((told) => ({ failure: `${told.error.class}: ${told.error.message}` }))

const events = z.discriminatedUnion('event', [
  z.object({ event: z.literal('lost'), grant, reason: z.string().default(''), ...timed }),
  z.object({ event: z.literal('log'), message: z.string() }),
])
export type ProgramEvent = z.output<typeof events>

export type Message =
  { kind: 'answer'; id: number; body: unknown } | { kind: 'event'; event: ProgramEvent } | { kind: 'unknown event' }

/** What a request says besides its name. */
export type Fields<Op extends Request['op']> = Omit<Extract<Request, { op: Op }>, 'op'>

/** A request as a line. */
export function encode<Op extends Request['op']>(id: number, op: Op, fields: Fields<Op>): string {
  const line = JSON.stringify({ id, op, ...fields })
  if (Buffer.byteLength(line) > lineMaxBytes) throw new RangeError(`the request ${op} is longer than 1 MiB`)
  return `${line}\n`
}

/** A line of the program's. Throws Violation. */
export function decode(line: Uint8Array): Message {
  const parsed = parse(line)
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new Violation('no JSON object')
  if ('id' in parsed) {
    if (!Number.isSafeInteger(parsed.id)) throw new Violation('an id that is no integer')
    return { kind: 'answer', id: parsed.id as number, body: parsed }
  }
  if (!('event' in parsed)) throw new Violation('neither an answer (id) nor an event')
  if (parsed.event !== 'lost' && parsed.event !== 'log') return { kind: 'unknown event' }
  return { kind: 'event', event: checked(events, parsed, `the event ${parsed.event}`) }
}

/** An answer's body, for the request that it answers. A failure stands for `hello` and `open` only. Throws Violation. */
export function decodeAnswer<Op extends AnswerableOp>(op: Op, body: unknown): Answer<Op> | z.output<typeof failure> {
  const known = body as { result?: unknown; error?: unknown }
  if ((op === 'hello' || op === 'open') && known.result === undefined && known.error !== undefined)
    return checked(failure, body, `the failure of ${op}`)
  // TypeScript does not see that the schema found under Op gives Answer<Op>.
  return checked(answers[op] as unknown as z.ZodType<Answer<Op>>, body, `an answer to ${op}`)
}

function parse(line: Uint8Array): unknown {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(line)
  } catch {
    throw new Violation('no UTF-8')
  }
  try {
    // A reviver that returns undefined drops the field: null is absent.
    return JSON.parse(text, (_, value: unknown) => value ?? undefined)
  } catch {
    throw new Violation('no JSON')
  }
}

function checked<Output>(schema: z.ZodType<Output>, value: unknown, what: string): Output {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]!
  const wanted = 'result' in (value as object) && issue.path[0] === 'result' ? 'of the wrong kind' : issue.message
  const field = issue.path.length > 0 && wanted === issue.message ? ` (${issue.path.join('.')})` : ''
  throw new Violation(`${what} is ${wanted === issue.message ? `malformed${field}: ${wanted}` : wanted}`)
}

/** A line as it is shown to people: its beginning, control characters made visible. */
export function shown(line: Uint8Array): string {
  const text = JSON.stringify(new TextDecoder().decode(line.subarray(0, 200)))
    .slice(1, -1)
    .replaceAll('\\"', '"')
  return line.length > 200 ? `${text}… (${line.length} bytes)` : text
}
