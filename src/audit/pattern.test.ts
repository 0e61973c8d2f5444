import { expect, test } from 'vitest'
import { segmentsOf } from './pattern.ts'

const patternOf = (key: string) => segmentsOf(key).join('')

test.each([
  ['lock:coupon:issue:17', 'lock:coupon:issue:*'],
  ['sess:dCb4jLNQUTMCnmeZ85TPpJ0g4sTmVgmf', 'sess:*'],
  ['sess:-S-QazMUEbnnY-TSOeZDuCzD', 'sess:*'],
  ['cart/bb945170-93dc-4d4f-9221-f29149e70ce9/items', 'cart/*/items'],
  ['user42:profile', 'user*:profile'],
  ['stat:2025-06-05', 'stat:*'],
  ['etag.9f86d081884c7d65', 'etag.*'],
  ['redisson_lock_queue:{stock:7}', 'redisson_lock_queue:{stock:*}'],
  ['OrderPaymentServiceConfigurationCache', 'OrderPaymentServiceConfigurationCache'],
  ['feed:decade:facade', 'feed:decade:facade'],
  ['bin:\u0001\u0002', 'bin:*'],
  ['a:b:c:d:e:f:g:h:i:j', 'a:b:c:d:e:f:g:*'],
  ['', ''],
])('%s is %s', (key, pattern) => {
  expect(patternOf(key)).toBe(pattern)
})
