import { expect, test } from 'vitest'
import { parseTarget } from './target.ts'

const parsed = (url: string) => parseTarget(url, {}, {})

test('a URL with everything; what is shown has no password', () => {
  expect(parsed('redis://shop:p%40ss:w@redis.example:7000/2')).toEqual({
    shown: 'redis://shop@redis.example:7000/2',
    addresses: [{ host: 'redis.example', port: 7000 }],
    username: 'shop',
    password: 'p@ss:w',
    database: 2,
    tls: undefined,
    sentinel: undefined,
  })
  expect(parsed('rediss://[::1]')).toMatchObject({ addresses: [{ host: '::1', port: 6379 }], tls: {} })
})

test('Sentinels, with their own password', () => {
  expect(parsed('redis+sentinel://:pw@s1,s2:26380/mymaster/1?sentinelPassword=other')).toMatchObject({
    shown: 'redis+sentinel://s1,s2:26380/mymaster/1',
    addresses: [
      { host: 's1', port: 26379 },
      { host: 's2', port: 26380 },
    ],
    password: 'pw',
    database: 1,
    sentinel: { group: 'mymaster', username: '', password: 'other' },
  })
})

test('a password that is not in the URL is read from REDISCLI_AUTH', () => {
  expect(parseTarget('redis://h', {}, { REDISCLI_AUTH: 'secret' })).toMatchObject({ password: 'secret' })
})

test.each([
  ['localhost:6379', /is no URL of a Redis/],
  ['http://h', /http:\/\/ is no URL of a Redis/],
  ['redis://', /there is no host/],
  ['redis://a,b', /several nodes are several URLs/],
  ['redis://h:99999', /99999 is no port/],
  ['redis://h:port', /h:port is no host:port/],
  ['redis://h/zero', /is no number of a database/],
  ['redis://h?db=1', /\?db= means nothing here/],
  ['redis+sentinel://h', /the name of the group is missing/],
])('%s is refused in a sentence', (url, sentence) => {
  expect(() => parsed(url)).toThrow(sentence)
})

test('no message repeats a password', () => {
  for (const url of ['redis://u:secret@h:x', 'redis:/u:secret@h', 'http://u:secret@h', 'u:secret//:secret@h'])
    expect(() => parsed(url)).toThrow(expect.not.objectContaining({ message: expect.stringContaining('secret') }))
})

test('options of TLS want a URL of TLS', () => {
  expect(() => parseTarget('redis://h', { tlsInsecure: true })).toThrow(/--tls options are for rediss/)
  expect(() => parseTarget('rediss://h', { tlsCert: 'a.pem' })).toThrow(/go together/)
  expect(() => parseTarget('rediss://h', { tlsCa: '/no/such.pem' })).toThrow('--tls-ca: /no/such.pem cannot be read')
})
