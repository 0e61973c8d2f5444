import { expect, test } from 'vitest'
import { parseNodeLog } from './node-logs.ts'

test('lines of Redis and Sentinel get the time of the drill; the logo and stacks are left out', () => {
  const startedAt = new Date(2026, 10, 21, 17, 10, 59, 776)
  const log = `18446:X 21 Nov 2026 17:11:03.968 # +switch-master mymaster 127.0.0.1 15607 127.0.0.1 15608
           _.-\`\`__ ''-._
20296:M 21 Nov 2026 17:10:58.000 * Ready to accept connections
`
  expect(parseNodeLog('sentinel-2', log, startedAt)).toEqual([
    { node: 'sentinel-2', atMs: 4192, text: '+switch-master mymaster 127.0.0.1 15607 127.0.0.1 15608' },
    { node: 'sentinel-2', atMs: -1776, text: 'Ready to accept connections' },
  ])
})
