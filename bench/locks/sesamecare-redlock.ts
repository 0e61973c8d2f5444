import { Redlock } from '@sesamecare-oss/redlock'
import { clients, type Contender, packageTitle, ttlMs } from './contender.ts'

export default {
  title: packageTitle('@sesamecare-oss/redlock'),
  waits: 'polls every 200 ± 100 ms',
  quorum: true,
  open(env) {
    const redlock = new Redlock(clients(env), { retryCount: -1 })
    return {
      async acquire(key) {
        const lock = await redlock.acquire([key], ttlMs)
        return () => lock.release()
      },
    }
  },
} satisfies Contender
