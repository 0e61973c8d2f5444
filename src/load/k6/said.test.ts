import { expect, test } from 'vitest'
import { exceptionsIn, firstError, sentenceOf } from './said.ts'

/** Messages as k6 2.2 writes them. */
test.each([
  [
    "could not initialize 'syn.js': could not load JS test 'file:///shop/syn.js': file:///shop/syn.js: Line 3:9 Unexpected token = (and 1 more errors)",
    'syn.js:3:9: Unexpected token = (and 1 more errors)',
  ],
  [
    'ReferenceError: x is not defined\n\tat file:///shop/init.js:2:1(10)\n',
    'init.js:2:1: ReferenceError: x is not defined',
  ],
  ['Error: no shop\n\tat setup (file:///elsewhere/a.js:1:33(3))\n', '/elsewhere/a.js:1:33: Error: no shop'],
  [
    'The moduleSpecifier "x.js" couldn\'t be found on local disk. Make sure that it is there. If you\'re running k6 using the Docker image make sure …',
    'The moduleSpecifier "x.js" couldn\'t be found on local disk. Make sure that it is there.',
  ],
  [
    'There were problems with the specified script configuration:\n\t- scenario picklock has configuration errors: the duration must be at least 1s',
    'There were problems with the specified script configuration: scenario picklock has configuration errors: the duration must be at least 1s',
  ],
])('%s', (message, sentence) => {
  expect(sentenceOf(message, '/shop')).toBe(sentence)
})

const log = [
  'what a script prints',
  '{"level":"info","msg":"hello","source":"console"}',
  '{"level":"error","msg":"Error: boom\\n\\tat default (file:///shop/a.js:5:22(11))\\n","source":"stacktrace"}',
  '{"level":"error","msg":"Error: boom\\n\\tat default (file:///shop/a.js:5:22(11))\\n","source":"stacktrace"}',
  '{"level":"error","msg":"cut',
].join('\n')

test('exceptions are counted, other lines are nothing', () => {
  expect(exceptionsIn(log, '/shop')).toEqual({ count: 2, first: 'a.js:5:22: Error: boom' })
  expect(exceptionsIn('{"level":"info","msg":"x"}', '/shop')).toBeUndefined()
  expect(firstError(log, '/shop')).toBe('a.js:5:22: Error: boom')
})
