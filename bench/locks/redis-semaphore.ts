import { Mutex, RedlockMutex } from 'redis-semaphore'
import { clients, type Contender, foreverMs, packageTitle, ttlMs } from './contender.ts'

const options = { lockTimeout: ttlMs, acquireTimeout: foreverMs }

export default {
  title: packageTitle('redis-semaphore'),
  waits: 'polls every 10 ms',
  quorum: true,
  open(env) {
    const redises = clients(env)
    return {
      async acquire(key) {
        const mutex =
          redises.length === 1 ? new Mutex(redises[0]!, key, options) : new RedlockMutex(redises, key, options)
        await mutex.acquire()
        return () => mutex.release()
      },
    }
  },
} satisfies Contender
