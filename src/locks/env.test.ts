import { expect, test } from 'vitest'
import { lockEnv } from './env.ts'

const node = { host: '127.0.0.1', port: 1 }
const base = { server: 'server-1', options: {}, log: () => {} }

test('connect gives what ioredis gives, and where to', () => {
  const env = lockEnv({
    ...base,
    topology: 'redlock',
    endpoints: { password: 'pw', redis: [node, { ...node, port: 2 }] },
  })
  const redis = env.connect(1, { lazyConnect: true })
  expect(redis.options).toMatchObject({
    host: '127.0.0.1',
    port: 2,
    password: 'pw',
    maxRetriesPerRequest: 20,
    enableOfflineQueue: true,
  })
  expect(() => env.connect(2)).toThrow('connect(2): there are 2 logical Redis servers, 0 to 1')
  expect(() => env.connect(0.5)).toThrow(RangeError)
  env.disconnectAll()
  expect(redis.status).toBe('end')
})

test('behind Sentinel there is one logical Redis, found by name', () => {
  const sentinel = { name: 'mymaster', password: '', nodes: [node], natMap: { '127.0.0.1:3': node } }
  const env = lockEnv({ ...base, topology: 'sentinel', endpoints: { password: '', redis: [], sentinel } })
  expect(env.size).toBe(1)
  const { options } = env.connect(0, { lazyConnect: true })
  expect(options).toMatchObject({ sentinels: [node], name: 'mymaster', natMap: sentinel.natMap, password: null })
  expect(() => env.connect(1)).toThrow('connect(1): there is one logical Redis, number 0')
  env.disconnectAll()
})
