import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import type { z } from 'zod'
import { factsSchema, type Facts } from '../../incident/facts.ts'
import { fallbacks } from '../../incident/fallbacks.ts'
import { UsageError } from '../../lib/failure.ts'
import { listed } from '../../lib/nearest.ts'
import { check } from '../../plan/problems.ts'
import { topologyKinds } from '../../plan/scenario.ts'
import { workloads } from '../../workloads/index.ts'
import { plainValue } from '../selection.ts'

interface Question {
  fact: keyof Facts
  text: string
  /** Default: a number where it reads as one, else the text. */
  read?(answer: string): unknown
}

const questions: Question[] = [
  { fact: 'name', text: 'A short name for it, lower case letters, digits and dashes' },
  { fact: 'title', text: 'What happened, in a sentence', read: (answer) => answer },
  { fact: 'topology', text: `The Redis of that day (${listed(topologyKinds, 'or')})` },
  { fact: 'servers', text: 'How many servers took the lock' },
  {
    fact: 'lock',
    text: 'The lock: a module, stdio:<command>, or one of picklock list locks',
    read: (answer) => answer,
  },
  { fact: 'fallback', text: `What it did when Redis failed (${listed(Object.keys(fallbacks), 'or')})` },
  { fact: 'ttlMs', text: 'The TTL of its keys in ms, or none' },
  { fact: 'waitMs', text: 'How long a caller waited for it, in ms' },
  { fact: 'memoryLimitMb', text: 'The memory limit of Redis in MB' },
  { fact: 'workload', text: `What it guarded (${listed(Object.keys(workloads), 'or')})` },
  { fact: 'ratePerSecond', text: 'Requests a second' },
  {
    fact: 'faults',
    text: 'What broke, in its order, with commas (picklock list faults: oom, memory-death, kill, partition …)',
    read: (answer) => answer.split(',').map((word) => word.trim()),
  },
]

/** A wrong answer is asked for again so often. */
const triesMax = 3

/**
 * Asks for what was not told; an empty answer is "not known". The end of the input answers the rest so. Throws UsageError for a third wrong answer to
 * one question.
 */
export async function ask(
  data: Record<string, unknown>,
  { input, output }: { input: Readable; output: Writable },
): Promise<Record<string, unknown>> {
  const answers: Record<string, unknown> = { ...data }
  const reader = createInterface({ input })
  const lines = reader[Symbol.asyncIterator]()
  output.write('What is known? Enter alone for what is not.\n')
  try {
    for (const question of questions)
      if (answers[question.fact] === undefined) {
        const answer = await answerTo(question, lines, output)
        if (answer !== undefined) answers[question.fact] = answer
      }
  } finally {
    reader.close()
  }
  return answers
}

async function answerTo({ fact, text, read = plainValue }: Question, lines: AsyncIterator<string>, output: Writable) {
  for (let tries = 1; ; tries++) {
    output.write(`${text}: `)
    const { done, value } = await lines.next()
    const answer = done === true ? '' : value.trim()
    if (answer === '') {
      if (done === true) output.write('\n')
      return undefined
    }
    const { value: good, problems } = check(factsSchema.shape[fact] as z.ZodType<unknown>, read(answer), [fact], 'it')
    if (problems.length === 0) return good
    const sentence = problems.map(({ message }) => message).join('; ')
    if (tries === triesMax) throw new UsageError(`the answer to "${text}": ${sentence}`)
    output.write(`  ${sentence}\n`)
  }
}
