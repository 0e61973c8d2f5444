import { expect, test } from 'vitest'
import { facts, found, pattern } from '../../../test/support/facts.ts'
import { lockWithoutTtl } from './lock-without-ttl.ts'

const named = { how: 'likely', why: 'its name says lock' } as const
const byValue = { how: 'likely', why: 'its value is a UUID, as a lock’s token is' } as const

test.each([
  ['all with a TTL', { keys: 3, lock: named }, []],
  [
    'one without',
    { noTtl: 1, keys: 3, lock: named },
    ['high: 1 lock of lock:* has no TTL: nobody gets it back if the holder is gone'],
  ],
  [
    'taken for a lock by a value alone',
    { noTtl: 2, keys: 3, lock: byValue },
    ['medium: 2 locks of lock:* have no TTL: nobody gets them back if the holder is gone'],
  ],
  ['no lock', { noTtl: 3 }, []],
])('%s', (_, of, expected) => {
  expect(found(lockWithoutTtl, { patterns: [pattern('lock:*', of)] })).toEqual(expected)
})

test('the evidence says how long; what is to be typed is safe to type', () => {
  const stuck = pattern("lock:';reboot", { noTtl: 1, lock: named, idleMs: { 'lock:a': 7_200_000 } })
  stuck.examples.noTtl.push('lock:a')
  const [finding] = lockWithoutTtl.look(facts({ patterns: [stuck] }))
  expect(finding!.evidence).toEqual([
    'all of the pattern’s keys; taken for locks because its name says lock',
    'lock:a, untouched for 2 h',
  ])
  expect(finding!.advice).toMatch(/--clean <its pattern>$/)
})
