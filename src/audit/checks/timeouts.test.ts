import { expect, test } from 'vitest'
import { found } from '../../../test/support/facts.ts'
import { timeouts } from './timeouts.ts'

const keepalive = 'the connections of servers that died stay open (tcp-keepalive 0)'

test.each([
  ['as Redis comes', { timeout: 0, 'tcp-keepalive': 300 }, []],
  ['nothing was told', {}, []],
  ['one second', { timeout: 1 }, ['low: Redis closes connections that are idle for 1 second']],
  ['an hour', { timeout: 3600 }, ['low: Redis closes connections that are idle for 3600 seconds']],
  ['no keepalive', { 'tcp-keepalive': 0 }, [`low: ${keepalive}`]],
])('%s', (_, config, expected) => {
  expect(found(timeouts, { config })).toEqual(expected)
})
