import type { Redis } from 'ioredis'
import { lockEnv } from '../../src/locks/env.ts'
import { harnessOptions } from '../../src/locks/reference/harness-options.ts'
import { createLocks, type Locks } from '../../src/locks/reference/locks.ts'
import type { Stand } from './cluster.ts'

/** The reference lock as a server of a drill has it, through that server's own links. */
export async function locksAt(
  { cluster }: Stand,
  server: string,
  options: Record<string, unknown> = {},
  onClient: (redis: Redis) => void = () => {},
): Promise<Locks> {
  const { kind: topology } = cluster
  const env = lockEnv({ endpoints: cluster.endpoints(server), topology, server, options, log: () => {} })
  const connect = (...where: Parameters<typeof env.connect>) => {
    const redis = env.connect(...where)
    onClient(redis)
    return redis
  }
  const { renew: _, ...rest } = harnessOptions({ ...env, connect })
  const locks = createLocks(rest)
  await locks.ready
  return locks
}
