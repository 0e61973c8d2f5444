import { monotonicNs } from '../../lib/clock.ts'
import { CallError } from '../timed.ts'
import type { Program } from './program.ts'
import { type Answer, type AnswerableOp, decode, decodeAnswer, encode, shown, Violation } from './protocol.ts'
import type { Fields, ProgramEvent } from './protocol.ts'

/** An answer with the moments between which it was known. */
export interface Answered<Op extends AnswerableOp> {
  answer: Answer<Op>
  /** CLOCK_MONOTONIC, ns: before the request was written, and when the answer was read. */
  writtenNs: bigint
  readNs: bigint
}

/** The program answered `hello` or `open` with an error. */
export class Refusal extends Error {
  override name = 'Refusal'
}

interface Open {
  writtenNs: bigint
  /** Its caller has been told that it is unsettled; a late answer is no violation. */
  late: boolean
  timer: NodeJS.Timeout | undefined
  settle: (body: unknown, readNs: bigint) => void
  fail: (error: Error) => void
}

export interface ConversationListener {
  /** After the first one nothing more is listened to. `line` is shortened. */
  violation(told: { reason: string; line: string }): void
  event(event: ProgramEvent, readNs: bigint): void
}

/** Requests and answers over a program's pipes: many in flight, answers in any order, a deadline each. */
export class Conversation {
  readonly #listener: ConversationListener
  readonly #open = new Map<number, Open>()
  #program: Pick<Program, 'write'> | undefined
  #lastId = 0
  #over: string | undefined

  constructor(listener: ConversationListener) {
    this.#listener = listener
  }

  attach(program: Pick<Program, 'write'>): void {
    this.#program = program
  }

  /** Why nothing can be asked any more; undefined while it lives. */
  get over(): string | undefined {
    return this.#over
  }

  /**
   * Sends a request. `read` sees the answer at once, before the next line is heard, so that an event about it finds it known; what it
   * returns or throws is the call's outcome. The `id` is known at once, for `cancel`.
   */
  ask<Op extends AnswerableOp, Result>(
    op: Op,
    fields: Fields<Op>,
    on: {
      /** Without one there is no deadline. */
      deadlineMs?: number
      read: (answered: Answered<Op>) => Result
      /** What comes when the caller has given up. */
      late?: (answer: Answer<Op>) => void
    },
  ): { id: number; outcome: Promise<Result> } {
    const id = ++this.#lastId
    const { promise: outcome, resolve, reject } = Promise.withResolvers<Result>()
    if (this.#over !== undefined) {
      reject(new CallError(`${this.#over}; nothing was sent`, { definite: true }))
      return { id, outcome }
    }
    const line = encode(id, op, fields)
    const open: Open = { writtenNs: monotonicNs(), late: false, timer: undefined, settle, fail: reject }
    const { deadlineMs } = on
    if (deadlineMs !== undefined) {
      open.timer = setTimeout(() => {
        open.late = true
        reject(new CallError(`no answer to ${op} within ${deadlineMs / 1000} s`, { unsettled: true }))
      }, deadlineMs)
    }
    this.#open.set(id, open)
    this.#program?.write(line)
    return { id, outcome }

    function settle(body: unknown, readNs: bigint): void {
      const answer = decodeAnswer(op, body)
      if ('failure' in answer) return reject(new Refusal(answer.failure))
      checkTime(answer, open.writtenNs, readNs)
      if (open.late) return on.late?.(answer)
      try {
        resolve(on.read({ answer, writtenNs: open.writtenNs, readNs }))
      } catch (error) {
        reject(error as Error)
      }
    }
  }

  /** Sends what has no answer. */
  tell(op: 'cancel', fields: Fields<'cancel'>): void {
    if (this.#over === undefined) this.#program?.write(encode(++this.#lastId, op, fields))
  }

  /** A line of the program's. */
  hear(line: Uint8Array, readNs: bigint): void {
    if (this.#over !== undefined) return
    try {
      const message = decode(line)
      if (message.kind === 'answer') this.#answer(message.id, message.body, readNs)
      if (message.kind === 'event') {
        if (message.event.event === 'lost') checkTime(message.event, 0n, readNs)
        this.#listener.event(message.event, readNs)
      }
    } catch (error) {
      if (!(error instanceof Violation)) throw error
      this.violate(error.message, line)
    }
  }

  violate(reason: string, line: Uint8Array): void {
    if (this.#over !== undefined) return
    this.end(`the program broke the protocol (${reason})`)
    this.#listener.violation({ reason, line: shown(line) })
  }

  /** Open calls become indeterminate, and nothing more is said or heard. */
  end(why: string): void {
    if (this.#over !== undefined) return
    this.#over = why
    for (const { timer, fail } of this.#open.values()) {
      clearTimeout(timer)
      fail(new CallError(why))
    }
    this.#open.clear()
  }

  #answer(id: number, body: unknown, readNs: bigint): void {
    const open = this.#open.get(id)
    if (!open) {
      throw new Violation(
        id >= 1 && id <= this.#lastId ? `a second answer to id ${id}` : `an answer to unknown id ${id}`,
      )
    }
    open.settle(body, readNs)
    clearTimeout(open.timer)
    this.#open.delete(id)
  }
}

/** Throws Violation where `at` is not between the writing of the request and the reading of the answer. */
function checkTime(answer: object, writtenNs: bigint, readNs: bigint): void {
  if (!('at' in answer) || typeof answer.at !== 'bigint') return
  if (answer.at < writtenNs)
    throw new Violation(`\`at\` is ${ms(writtenNs - answer.at)} before the request was written`)
  if (answer.at > readNs) throw new Violation(`\`at\` is ${ms(answer.at - readNs)} after the answer was read`)
}

const ms = (ns: bigint) => `${(Number(ns) / 1e6).toFixed(3)} ms`
