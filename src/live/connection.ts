import { once } from 'node:events'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import { refused, refusedAtTheDoor, Refused, unreachable, Unreachable } from './failure.ts'
import { commandName, mustBeAllowed } from './read-only.ts'
import { encode, Refusal, ReplyReader, textOf, toBytes, type Reply } from './resp.ts'
import type { Address } from './target.ts'

export interface ConnectionSettings {
  /** How messages call it: the URL without its password. */
  where: string
  address: Address
  username: string
  password: string
  database: number
  tls: ConnectionOptions | undefined
  /** Commands beyond the read-only ones that this connection may send: of the two who write, each names its own. */
  writes?: readonly string[]
}

/** What was asked at once, and its answers so far. */
interface Batch {
  names: readonly (readonly string[])[]
  replies: Reply[]
  done(replies: Reply[]): void
  failed(error: Error): void
}

const connectMaxMs = 5_000
/** A Redis that is silent for this long is as good as gone. */
const silentMaxMs = 15_000

/**
 * One connection to a Redis that somebody lives on. It sends what read-only.ts allows and nothing else, and it neither reconnects, resends
 * nor queues: whoever looks has to know what was seen and what was not. (A client library does all three, and has a method for every write.)
 * Every failure is a whole sentence: Unreachable, after which there is nothing more to ask, or Refused.
 */
export class Connection implements Disposable {
  readonly where: string
  readonly #socket: Socket
  readonly #reader = new ReplyReader()
  readonly #writes: readonly string[]
  readonly #tls: boolean
  readonly #batches: Batch[] = []
  #onPush: ((reply: Reply) => void) | undefined
  #onRaw: ((chunk: Buffer) => void) | undefined
  /** What `#onRaw` becomes with the next answer. */
  #rawNext: ((chunk: Buffer) => void) | undefined
  #failure: Unreachable | undefined
  readonly #ended = Promise.withResolvers<Unreachable>()

  private constructor(socket: Socket, { where, tls, writes = [] }: ConnectionSettings) {
    this.where = where
    this.#socket = socket
    this.#tls = tls !== undefined
    this.#writes = writes
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    socket.on('error', (error) => this.#fail(unreachable(where, error, this.#tls)))
    socket.on('close', () => this.#fail(new Unreachable(`${where} closed the connection${this.#during()}`)))
    socket.setTimeout(silentMaxMs, () => {
      if (this.#batches.length > 0)
        this.#fail(new Unreachable(`${where} has not answered for ${silentMaxMs / 1000} s${this.#during()}`))
    })
  }

  /** Connects, authenticates, selects the database. */
  static async open(settings: ConnectionSettings): Promise<Connection> {
    const connection = new Connection(await dial(settings), settings)
    try {
      await connection.#enter(settings)
      return connection
    } catch (error) {
      connection[Symbol.dispose]()
      throw error
    }
  }

  /** Resolves when the connection is gone, with the reason. */
  get ended(): Promise<Unreachable> {
    return this.#ended.promise
  }

  /** Sends a command and waits for its answer. Rejects with Refused or Unreachable. Words are bytes, a character each (`toBytes`). */
  async ask(...words: string[]): Promise<Exclude<Reply, Refusal>> {
    const [reply] = await this.askAll([words])
    if (reply instanceof Refusal) throw refused(this.where, commandName(words), reply)
    return reply!
  }

  /** Sends commands at once; a refusal stands in the place of its answer. Rejects with Unreachable only. */
  askAll(commands: readonly (readonly string[])[]): Promise<Reply[]> {
    for (const words of commands) mustBeAllowed(words, this.#writes)
    if (this.#failure) return Promise.reject(this.#failure)
    if (commands.length === 0) return Promise.resolve([])
    return new Promise((done, failed) => {
      this.#batches.push({ names: commands, replies: [], done, failed })
      this.#socket.write(encode(commands))
    })
  }

  /** Like `ask`; undefined where Redis refuses, after `told` was given the sentence. */
  async askIfAllowed(told: (refusal: Refused) => void, ...words: string[]) {
    try {
      return await this.ask(...words)
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      told(error)
      return undefined
    }
  }

  /** From here on the connection only listens: `onMessage` gets the channel and the message. Resolves when Redis has confirmed it. */
  async subscribe(pattern: string, onMessage: (channel: string, message: string) => void): Promise<void> {
    await this.ask('PSUBSCRIBE', toBytes(pattern))
    this.#onPush = (reply) => {
      if (!Array.isArray(reply) || reply[0] !== 'pmessage') return
      onMessage(textOf(reply[2]), textOf(reply[3]))
    }
  }

  /**
   * From here on every chunk of bytes that Redis sends goes to `onChunk`, after MONITOR was confirmed: lines of `+1764697261.006180 [0 10.0.0.4:47060] "get" "k"\r\n`.
   * Whoever reads slowly makes Redis buffer for him without a limit: take it at once.
   */
  async monitor(onChunk: (chunk: Buffer) => void): Promise<void> {
    this.#rawNext = onChunk
    await this.ask('MONITOR')
  }

  [Symbol.dispose](): void {
    this.#fail(new Unreachable(`the connection to ${this.where} is closed`))
    this.#socket.destroy()
  }

  async #enter({ where, username, password, database }: ConnectionSettings): Promise<void> {
    const commands = [
      ...(password === '' && username === ''
        ? []
        : [['AUTH', ...(username === '' ? [] : [toBytes(username)]), toBytes(password)]]),
      ...(database === 0 ? [] : [['SELECT', String(database)]]),
      ['PING'],
    ]
    const replies = await this.askAll(commands)
    replies.forEach((reply, index) => {
      if (!(reply instanceof Refusal)) return
      const name = commands[index]![0]
      if (name === 'PING' && reply.code === 'NOPERM') return
      if (name === 'SELECT' && !/^(NOAUTH|NOPERM)/.test(reply.message))
        throw new Refused(`${where} has no database ${database}: ${reply.message}`, reply.code)
      throw reply.code === 'NOPERM'
        ? refused(where, commandName(commands[index]!), reply)
        : refusedAtTheDoor(where, reply, username)
    })
  }

  #take(chunk: Buffer): void {
    if (this.#onRaw) return this.#onRaw(chunk)
    try {
      for (const reply of this.#reader.read(chunk)) {
        this.#answer(reply)
        // What follows the confirmation of MONITOR is no reply, and may have come with it.
        if (this.#rawNext && reply === 'OK') {
          this.#onRaw = this.#rawNext
          const rest = this.#reader.rest()
          if (rest.length > 0) this.#onRaw(Buffer.from(rest))
          return
        }
      }
    } catch (error) {
      this.#fail(unreachable(this.where, error, this.#tls))
    }
  }

  #answer(reply: Reply): void {
    const [batch] = this.#batches
    if (batch === undefined) {
      // Redis may say why it closes the door before it was asked anything.
      if (reply instanceof Refusal) return this.#fail(new Unreachable(refusedAtTheDoor(this.where, reply, '').message))
      return this.#onPush?.(reply)
    }
    batch.replies.push(reply)
    if (batch.replies.length < batch.names.length) return
    this.#batches.shift()
    batch.done(batch.replies)
  }

  #during(): string {
    const [batch] = this.#batches
    const words = batch?.names[batch.replies.length]
    return words === undefined ? '' : ` while ${commandName(words)} was asked`
  }

  #fail(failure: Unreachable): void {
    if (this.#failure) return
    this.#failure = failure
    this.#socket.destroy()
    for (const batch of this.#batches.splice(0)) batch.failed(failure)
    this.#ended.resolve(failure)
  }
}

/** A socket that is ready, TLS and all. */
async function dial({ where, address, tls }: ConnectionSettings): Promise<Socket> {
  const { host, port } = address
  const socket = tls
    ? connectTls({ ...tls, host, port, ...(isIP(host) === 0 && { servername: host }) })
    : connectTcp({ host, port })
  socket.setNoDelay(true)
  const late = setTimeout(
    () => socket.destroy(Object.assign(new Error('too late'), { code: 'ETIMEDOUT' })),
    connectMaxMs,
  )
  try {
    await once(socket, tls ? 'secureConnect' : 'connect')
    return socket
  } catch (error) {
    socket.destroy()
    throw unreachable(where, error, tls !== undefined)
  } finally {
    clearTimeout(late)
  }
}
