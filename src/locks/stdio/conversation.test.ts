import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Conversation } from './conversation.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function conversation() {
  const sent: { id: number; op: string }[] = []
  const told: unknown[] = []
  const spoken = new Conversation({ violation: (what) => told.push(what), event: (event) => told.push(event) })
  spoken.attach({ write: (line) => void sent.push(JSON.parse(line) as { id: number; op: string }) })
  const hear = (message: unknown) => spoken.hear(Buffer.from(JSON.stringify(message)), process.hrtime.bigint())
  return { spoken, sent, told, hear }
}

const acquire = { key: 'k', ttlMs: 1, waitMs: 0 }

test('a call without an answer is unsettled at its deadline; a late answer is heard, a second one is a violation', async () => {
  const { spoken, told, hear } = conversation()
  const late = vi.fn<(answer: unknown) => void>()
  const { id, outcome } = spoken.ask('acquire', acquire, { deadlineMs: 10_000, read: () => 'in time', late })
  const failure = outcome.catch((error: unknown) => error)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(await failure).toMatchObject({ unsettled: true, message: 'no answer to acquire within 10 s' })

  hear({ id, result: 'granted', grant: 'g1' })
  expect(late).toHaveBeenCalledExactlyOnceWith({ result: 'granted', grant: 'g1' })
  expect(told).toEqual([])
  hear({ id, result: 'granted', grant: 'g1' })
  expect(told).toMatchObject([{ reason: `a second answer to id ${id}` }])
})

test('calls that a violation leaves open are not unsettled, and later ones were never sent', async () => {
  const { spoken, sent, hear } = conversation()
  const open = spoken.ask('acquire', acquire, { deadlineMs: 10_000, read: () => {} }).outcome.catch((e: unknown) => e)
  hear({ id: 99, result: 'contended' })
  const failure = await open
  expect(failure).toMatchObject({ message: 'the program broke the protocol (an answer to unknown id 99)' })
  expect(failure).not.toHaveProperty('unsettled')
  expect(failure).not.toHaveProperty('definite')
  await expect(spoken.ask('release', { grant: 1 }, { read: () => {} }).outcome).rejects.toMatchObject({
    definite: true,
  })
  expect(sent).toHaveLength(1)
})

test('a cancel has no answer of its own', () => {
  const { spoken, sent, told, hear } = conversation()
  spoken.tell('cancel', { target: 7 })
  hear({ id: sent[0]!.id, result: 'contended' })
  expect(told).toMatchObject([{ reason: `a second answer to id ${sent[0]!.id}` }])
})

test('an event of a kind that we do not know is ignored', () => {
  const { told, hear } = conversation()
  hear({ event: 'weather', sun: true })
  expect(told).toEqual([])
})
