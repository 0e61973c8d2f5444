import { Command, Redis } from 'ioredis'
import { keysLike } from '../lib/keys-like.ts'
import { countSent, sentBy } from '../lib/sent.ts'
import { parseCommands, type Commands } from './commands.ts'
import type { KeyEvent } from './event.ts'
import { Lag, readLagNs } from './lag.ts'
import type { Observation } from './recorder.ts'

export interface ObserverOptions {
  /** `redis-1`: the events' `process`. */
  node: string
  host: string
  port: number
  password: string
  record(event: Observation): void
  /** ns of the drill's clock. */
  now(): number
  /** Keys of the harness' own, of which nothing is recorded. */
  isInternal?(key: string): boolean
}

export interface Observer extends AsyncDisposable {
  node: string
  /** The commands that it sent so far, by name in lower case: what has to be subtracted from the node's own counters. */
  sent(): Record<string, number>
  /** The node's own counters. Rejects where it does not answer. */
  commands(): Promise<Commands>
  /** Keys of others that are there as far as was seen. */
  alive(): string[]
  /**
   * Looks at the whole node, and records every key of others that is there as `left`; those that match one of the globs (as in Redis KEYS) as
   * bookkeeping. Rejects where the node does not answer.
   */
  audit(bookkeeping: readonly string[]): Promise<void>
}

const channelStart = '__keyevent@'
const pattern = `${channelStart}*__:*`
const connectTimeoutMs = 5_000
/** A node that comes back is seen within this time. The first try is at once: a failover kills the connections of the new primary. */
const reconnectMs = 50
/** Keys that are looked for after a gap; a drill has some dozens. */
const scanCount = 1000
/** More than these nobody has to see to know that they are left. */
const auditMaxKeys = 2000
/** How often it looks whether it is behind. */
const lookMs = 25
/** A lock's value is short; of anything else the head will do. */
const valueMaxChars = 256
/** Elements that are asked of a hash, a set, a list: a lock has a few. */
const elementsMax = '64'

/** After these a key is gone; there is nothing to ask. */
const removals = new Set(['del', 'expired', 'evicted', 'rename_from', 'move_from'])
/** These leave the type as it was. */
const typeless = new Set(['expire', 'persist', 'rename_to', 'restore', 'copy_to', 'move_to'])

/** How a value is read: the command that suits the type. A wrong guess is answered with WRONGTYPE and costs nothing. */
type Shape = 'string' | 'hash' | 'list' | 'set' | 'zset' | 'stream'
const readers = {
  string: (key) => ['getrange', [key, '0', String(valueMaxChars - 1)]],
  hash: (key) => ['hscan', [key, '0', 'COUNT', elementsMax]],
  list: (key) => ['lrange', [key, '0', elementsMax]],
  set: (key) => ['sscan', [key, '0', 'COUNT', elementsMax]],
  zset: (key) => ['zrange', [key, '0', elementsMax]],
  stream: (key) => ['xlen', [key]],
} satisfies Record<Shape, (key: string) => [name: string, args: string[]]>

/** What is remembered of a key that is alive. */
interface Watched {
  shape: Shape
  /** A question is under way. */
  asking: boolean
  /** Something happened to it since its value was told: the rest of the answer is of another state, and all is asked again. */
  changed: boolean
}

/**
 * The harness' own eyes on one node: an unproxied connection that writes down every keyspace event and, after a write, what the key
 * is now.
 *
 * Both come on one RESP3 connection, where pushes and replies share one ordered stream: a `sample` describes its key after the
 * last event of that key that stands before it. Answers are therefore taken in the parser's turn and not by awaiting their promise, which would let a push that
 * came later overtake them.
 *
 * It outlives its node. When the connection breaks it records `gap` (key `''`: events may be missed from here) and, when it is back, `resync` with the
 * value `restarted` or `same process`, followed by one sample of each key that is or was there. `down` is recorded when the node refuses or its run_id
 * has changed, `up` when it answers again. Where it is behind with its reading it records `late` (key `''`).
 *
 * Resolves once it is subscribed, which is recorded as `watched` (key `''`): from here on a key that the record lacks was never there. Rejects if the node does not let it in within five seconds.
 */
export async function observe(options: ObserverOptions): Promise<Observer> {
  const { node, record, now } = options
  const alive = new Map<string, Watched>()
  const toAsk = new Set<string>()
  let asked = false
  let runId: string | undefined
  let gapNs: number | undefined
  let downNs: number | undefined
  let lag: Lag | undefined
  let closed = false

  const redis = new Redis({
    host: options.host,
    port: options.port,
    password: options.password,
    connectionName: 'picklock-observer',
    connectTimeout: connectTimeoutMs,
    retryStrategy: (times) => (closed ? null : times === 1 ? 1 : reconnectMs),
    maxRetriesPerRequest: null,
    enableOfflineQueue: false,
    autoResubscribe: false,
    autoResendUnfulfilledCommands: false,
    lazyConnect: true,
  })
  countSent(redis)

  const seen = (event: string, key: string, more: Partial<KeyEvent> = {}) =>
    record({ process: node, type: 'info', f: 'key', event, key, ...more })

  /** Sends a command and takes its answer, or its error, in the parser's turn. */
  const ask = (name: string, args: string[], take: (answer: unknown) => void) => {
    const command = new Command(name, args)
    command.promise.catch(() => undefined)
    const { resolve, reject } = command
    command.resolve = (answer) => {
      take(answer)
      resolve(answer)
    }
    command.reject = (error) => {
      take(error)
      reject(error)
    }
    void redis.sendCommand(command)
  }

  const sample = (key: string) => {
    const watched = alive.get(key)
    if (!watched || watched.asking) return
    watched.asking = true
    watched.changed = false
    let value: unknown
    ask(...readers[watched.shape](key), (answer) => {
      value = answer
      // All that happened before stands before it in the stream, and is in it: on a busy node there is always something. But for a guess of its type.
      if (!(answer instanceof Error)) watched.changed = false
    })
    ask('pttl', [key], (pttl) => {
      watched.asking = false
      // Gone meanwhile, and perhaps there anew: then the first half of the answer may be of no key at all, and the new one has questions of its own.
      if (alive.get(key) !== watched) return
      if (watched.changed) return later(key)
      if (typeof pttl !== 'number') return
      if (pttl === -2) alive.delete(key)
      seen('sample', key, { pttlMs: pttl, ...(pttl !== -2 && !(value instanceof Error) && { value: textOf(value) }) })
    })
  }

  /** One turn's questions go out together: a SET with a lease is two events and one question. */
  const later = (key: string) => {
    toAsk.add(key)
    if (asked) return
    asked = true
    setImmediate(() => {
      asked = false
      const keys = [...toAsk]
      toAsk.clear()
      if (redis.status === 'ready') for (const key of keys) sample(key)
    })
  }

  redis.on('pmessage', (_pattern: string, channel: string, key: string) => {
    if (options.isInternal?.(key)) return
    const event = channel.slice(channel.indexOf(':') + 1)
    seen(event, key)
    const watched = alive.get(key)
    if (watched) watched.changed = true
    if (removals.has(event)) return void alive.delete(key)
    // Samples are asked of database 0, where locks live; of others the events alone are recorded.
    if (!channel.startsWith(`${channelStart}0_`)) return
    if (!watched) alive.set(key, { shape: shapeOf(event) ?? 'string', asking: false, changed: false })
    else watched.shape = shapeOf(event) ?? watched.shape
    later(key)
  })

  const topology = (event: 'up' | 'down', t?: number) =>
    record({ process: node, type: 'info', f: 'topology', event, node, ...(t !== undefined && { t }) })

  const subscribe = async () => {
    // A restarted node has its configuration file, but not what CONFIG SET told it before.
    await redis.config('SET', 'notify-keyspace-events', 'EA')
    const current = /run_id:(\w+)/.exec(await redis.info('server'))?.[1]
    const askedNs = now()
    await redis.psubscribe(pattern)
    lag = new Lag(askedNs, bytesRead())
    const restarted = current !== runId
    runId = current
    if (gapNs === undefined) return seen('watched', '')
    if (restarted && downNs === undefined) topology('down', gapNs)
    if (restarted || downNs !== undefined) topology('up')
    seen('resync', '', { value: restarted ? 'restarted' : 'same process' })
    gapNs = downNs = undefined
    const [, present] = await redis.scan('0', 'COUNT', scanCount)
    for (const key of present)
      if (!alive.has(key) && !options.isInternal?.(key))
        alive.set(key, { shape: 'string', asking: false, changed: false })
    for (const [key, watched] of alive) {
      watched.asking = false
      later(key)
    }
  }

  const bytesRead = () => redis.stream.bytesRead
  const late = (t: number, lagNs: number) => {
    if (lagNs > readLagNs) record({ t, process: node, type: 'info', f: 'key', event: 'late', key: '', lagNs })
  }
  const looking = setInterval(() => {
    if (redis.status !== 'ready' || !lag?.tick(now(), bytesRead())) return
    const current = lag
    ask('ping', [], (answer) => {
      // What Redis refuses (MISCONF, BUSY, LOADING) is an answer, in its place in the stream; what the client says of a broken connection is none.
      const answered = !(answer instanceof Error) || answer.name === 'ReplyError'
      if (answered && lag === current) late(now(), current.answered(now(), bytesRead()))
    })
  }, lookMs)
  looking.unref()

  redis.on('close', () => {
    if (closed || runId === undefined || gapNs !== undefined) return
    gapNs = now()
    late(gapNs, lag?.behindNs(gapNs) ?? 0)
    lag = undefined
    record({ t: gapNs, process: node, type: 'info', f: 'key', event: 'gap', key: '' })
  })
  redis.on('error', (error: Error & { code?: string }) => {
    if (closed || error.code !== 'ECONNREFUSED' || gapNs === undefined || downNs !== undefined) return
    downNs = gapNs
    topology('down', gapNs)
  })

  const patience = setTimeout(() => redis.disconnect(), connectTimeoutMs)
  try {
    await redis.connect()
    await subscribe()
  } catch (error) {
    closed = true
    clearInterval(looking)
    redis.disconnect()
    throw error
  } finally {
    clearTimeout(patience)
  }
  // From here on a failure is a broken connection: the next `ready` tries again.
  redis.on('ready', () => void subscribe().catch(() => redis.disconnect(true)))

  return {
    node,
    sent: () => sentBy(redis),
    commands: async () => parseCommands(`${await redis.info('server')}\n${await redis.info('commandstats')}`),
    alive: () => [...alive.keys()],
    async audit(bookkeeping) {
      const present = (await keysLike(redis, '*', auditMaxKeys)).filter((key) => !options.isInternal?.(key))
      const kept = new Set((await Promise.all(bookkeeping.map((glob) => keysLike(redis, glob, auditMaxKeys)))).flat())
      for (const key of present) {
        const shape = await redis.type(key)
        const [name, args] = readers[shape in readers ? (shape as Shape) : 'string'](key)
        const value = await redis.call(name, ...args).catch(() => undefined)
        const pttlMs = await redis.pttl(key)
        if (pttlMs === -2) continue
        seen('left', key, {
          pttlMs,
          ...(value !== undefined && { value: textOf(value) }),
          ...(kept.has(key) && { bookkeeping: true }),
        })
      }
    },
    async [Symbol.asyncDispose]() {
      if (closed) return
      closed = true
      clearInterval(looking)
      redis.disconnect()
    },
  }
}

/** What a write's event tells of the key's type: `hset`, `lpush`, `zadd`, `sadd`, `xadd` … */
function shapeOf(event: string): Shape | undefined {
  if (typeless.has(event)) return undefined
  if (event.startsWith('h')) return 'hash'
  if (event.startsWith('l') || event.startsWith('rp')) return 'list'
  if (event.startsWith('z')) return 'zset'
  if (event.startsWith('x')) return 'stream'
  if (/^s(add|rem|pop|move|inter|union|diff)/.test(event)) return 'set'
  return 'string'
}

function textOf(answer: unknown): string {
  if (Buffer.isBuffer(answer)) return answer.toString('utf8')
  if (!Array.isArray(answer)) return String(answer)
  return answer.flat(3).map(textOf).join(' ').slice(0, valueMaxChars)
}
