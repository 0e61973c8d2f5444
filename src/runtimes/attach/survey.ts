import { Redis } from 'ioredis'
import { internalPrefix, isInternal } from '../../history/internal.ts'
import { EnvironmentError, UsageError } from '../../lib/failure.ts'
import type { Stack, StackNode } from './stack.ts'
import { pairs } from './restore.ts'

/** A node of a stack, looked at before the drill. */
export interface Surveyed {
  node: StackNode
  version: string
  config: Record<string, string>
  /** Of Picklock's own that are there all the same: some drill's before. */
  keys: string[]
}

const answerMs = 3_000
/** Of keys that are in the way. */
const shownMax = 3
/** Every drill's keys begin so, whichever drill's. */
export const ownPrefix = 'picklock:'

/**
 * Looks at every node: whether a drill can read it, write to it and configure it, and whether it is alone with it. Throws EnvironmentError with what each node could and
 * could not do, UsageError where there are keys of others.
 */
export async function survey({ source, password, redis, sentinels }: Stack): Promise<Surveyed[]> {
  const looks = await Promise.all([
    ...redis.map((node) => look(node, password, (client, seen) => lookAtRedis(client, seen, sentinels.length > 0))),
    ...sentinels.map((node) => look(node, password, lookAtSentinel)),
  ])
  const lacking = looks.filter(({ lacks }) => lacks !== undefined)
  if (lacking.length > 0) {
    const told = looks.map(({ node, can, lacks }) => {
      const could = can.length > 0 ? can.join(', ') : 'nothing'
      return `${node.name} (${node.host}:${node.port}) could ${could}${lacks === undefined ? '' : `, and could not ${lacks}`}`
    })
    throw new EnvironmentError(`${source} cannot be drilled: ${told.join('; ')}`)
  }
  for (const { node, foreign } of looks)
    if (foreign.length > 0)
      throw new UsageError(
        `${node.name} (${node.host}:${node.port}) holds keys that are not Picklock's (${foreign.slice(0, shownMax).join(', ')}${foreign.length > shownMax ? ' …' : ''}): a drill needs a Redis of its own`,
      )
  return looks.map(({ node, version, config, keys }) => ({ node, version, config, keys }))
}

interface Look extends Surveyed {
  /** What it lets itself be asked. */
  can: string[]
  /** The first thing that it does not, and why. */
  lacks: string | undefined
  foreign: string[]
}

/** One question after the other, until one fails. */
async function look(
  node: StackNode,
  password: string,
  ask: (redis: Redis, seen: Look) => AsyncGenerator<string>,
): Promise<Look> {
  const seen: Look = { node, version: 'unknown', config: {}, keys: [], can: [], lacks: undefined, foreign: [] }
  const redis = new Redis({
    host: node.host,
    port: node.port,
    connectionName: 'picklock-survey',
    lazyConnect: true,
    connectTimeout: answerMs,
    commandTimeout: answerMs,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    enableReadyCheck: false,
    ...(password !== '' && { password }),
  })
  let why = ''
  redis.on('error', (error: NodeJS.ErrnoException) => (why ||= error.code ?? error.message))
  let doing = 'answer'
  try {
    await redis.connect()
    for await (const next of ask(redis, seen)) {
      seen.can.push(doing)
      doing = next
    }
    seen.can.push(doing)
  } catch (error) {
    seen.lacks = `${doing} (${inShort(why || (error as Error).message)})`
  } finally {
    redis.disconnect()
  }
  return seen
}

function inShort(message: string): string {
  if (/^(NOAUTH|WRONGPASS)/.test(message))
    return `${message.split(' ')[0]}: give its password as PICKLOCK_REDIS_PASSWORD`
  return message.split(/\.(\s|$)/, 1)[0]!
}

/** Yields what it asks next. */
async function* lookAtRedis(redis: Redis, seen: Look, inGroup: boolean): AsyncGenerator<string> {
  await redis.ping()
  yield 'read'
  const info = await redis.info()
  seen.version = /^(?:valkey|redis)_version:(\S+)/m.exec(info)?.[1] ?? 'unknown'
  const [, keys] = await redis.scan('0', 'COUNT', 1000)
  seen.keys = keys
  seen.foreign = keys.filter((key) => !key.includes(ownPrefix) && !isInternal(key))
  yield 'take CONFIG'
  seen.config = pairs(await redis.config('GET', '*'))
  await redis.config('SET', 'notify-keyspace-events', seen.config['notify-keyspace-events'] ?? '')
  // In a Sentinel group roles move, and a replica takes writes from its primary only.
  if (inGroup && /^role:slave/m.test(info)) return
  yield 'take writes'
  await redis.set(`${internalPrefix}survey`, '1', 'PX', 1000)
  await redis.del(`${internalPrefix}survey`)
}

async function* lookAtSentinel(redis: Redis): AsyncGenerator<string> {
  await redis.ping()
  yield 'tell of the primary mymaster'
  await redis.call('SENTINEL', 'MASTER', 'mymaster')
}
