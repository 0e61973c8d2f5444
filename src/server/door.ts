import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { z } from 'zod'
import type { RequestOutcome } from '../history/event.ts'
import type { WorkRequest } from '../workloads/workload.ts'
import { metricsText } from './metrics.ts'
import { serveRequest, type Shop } from './order.ts'
import { pathMatcher } from './route.ts'

/** Who sends a request late says when it meant to: ns of the drill's clock. Ours do; a browser need not. */
export const intendedHeader = 'picklock-intended-ns'

const bodyMaxBytes = 64 * 1024
/** Requests under way at once. More of them would only wait in this process, and be measured as the lock's time. */
const underWayMax = 10_000
/** Connections that wait to be taken: a thousand users may come in one moment. The system allows as many, or fewer. */
const backlog = 4096
/** What is under way when the door closes may end within this time. */
const endMaxMs = 1_000

const statuses = {
  done: 201,
  repeated: 200,
  refused: 409,
  contended: 423,
  unavailable: 503,
  indeterminate: 500,
  abandoned: 500,
} as const satisfies Record<RequestOutcome, number>

export interface Door extends AsyncDisposable {
  /** `http://127.0.0.1:12345` */
  address: string
  /** Takes nobody any more: whoever comes is told so, or finds nobody. */
  refuse(): void
}

/** Opens the server's HTTP door on a loopback port; should somebody else have that, on one of the system's choice. `most`: requests at once. */
export async function openDoor(shop: Shop, port: number, most = underWayMax): Promise<Door> {
  const visits = new Visits(most)
  const serve = clerk(shop)
  const server = createServer((request, response) => {
    const refusal = visits.refusal()
    if (refusal !== undefined) {
      shop.tally.turnedAway++
      if (visits.closing) response.setHeader('connection', 'close')
      return reply(response, 503, { outcome: 'unavailable', message: refusal })
    }
    visits.begin()
    response.on('close', visits.end)
    serve(request, response).catch((error: unknown) => {
      // The caller is gone, or we have a bug; either way this process goes on.
      if (!response.headersSent) reply(response, 500, { outcome: 'indeterminate', message: (error as Error).message })
      else response.destroy()
    })
  })
  // Our own clients keep their connections; a server that closes them first would cut a request in two.
  server.keepAliveTimeout = 60_000
  await listen(server, port).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error
    return listen(server, 0)
  })
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    refuse: () => visits.close(),
    async [Symbol.asyncDispose]() {
      visits.close()
      // It closes the connections that nobody uses, and waits for the others.
      const closed = new Promise((resolve) => server.close(resolve))
      await visits.over(endMaxMs)
      server.closeAllConnections()
      await closed
    },
  }
}

const listen = (server: Server, port: number) =>
  new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host: '127.0.0.1', backlog }, () => {
      server.off('error', reject)
      resolve()
    })
  })

/** The requests that are under way. */
class Visits {
  closing = false
  readonly #most: number
  #count = 0
  #idle: (() => void) | undefined

  constructor(most: number) {
    this.#most = most
  }

  /** Why nobody is let in now; nothing was applied. */
  refusal(): string | undefined {
    if (this.closing) return 'this server is closing; nothing was applied'
    if (this.#count < this.#most) return undefined
    return `this server has ${this.#most} requests under way and takes no more; nothing was applied`
  }

  begin(): void {
    this.#count++
  }

  readonly end = () => {
    this.#count--
    if (this.#count === 0) this.#idle?.()
  }

  close(): void {
    this.closing = true
  }

  /** Resolves when none is left, or after `timeoutMs`. */
  async over(timeoutMs: number): Promise<void> {
    if (this.#count === 0) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs)
      this.#idle = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

/** Serves one request after the other, and many at once. */
function clerk(shop: Shop): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { door } = shop.workload
  const match = pathMatcher(door.path)
  const callers = new Callers(shop.server)
  /** What is no request is answered and counted; the first one is told in the log, for whoever wrote the script that sends it. */
  const decline = ({ method, url }: IncomingMessage, response: ServerResponse, status: number, message: string) => {
    if (shop.tally.misunderstood++ === 0) console.log(`the door answered ${method} ${url} with ${status}: ${message}`)
    reply(response, status, { message })
  }
  return async (request, response) => {
    const intendedNs = shop.now()
    const path = request.url?.split('?', 1)[0] ?? '/'
    const ours = match(path)
    const method = ours ? 'POST' : ['/health', '/metrics'].includes(path) ? 'GET' : undefined
    if (method === undefined)
      return decline(request, response, 404, `there is no ${path} here; there is ${door.path}, /health, /metrics`)
    if (request.method !== method) {
      response.setHeader('allow', method)
      return decline(request, response, 405, `${path} answers ${method} only`)
    }
    if (path === '/health') return reply(response, 200, { server: shop.server, lock: 'open' })
    if (path === '/metrics') {
      const { contentType, text } = await metricsText(shop)
      response.writeHead(200, { 'content-type': contentType }).end(text)
      return
    }

    const body = await read(request)
    if (body === undefined) {
      response.setHeader('connection', 'close')
      return decline(request, response, 413, `the body is larger than ${bodyMaxBytes} bytes`)
    }
    const said = parse(body, door.body)
    if (typeof said === 'string') return decline(request, response, 400, said)
    const order = { ...said, ...ours }
    const meantNs = Number(request.headers[intendedHeader] ?? Number.NaN)
    const meant = Number.isSafeInteger(meantNs) && meantNs >= 0 ? meantNs : intendedNs
    const { outcome, message } = await callers.asOne((caller) => serveRequest(shop, caller, order, meant))
    reply(response, statuses[outcome], message === undefined ? { outcome } : { outcome, message })
  }
}

/** Undefined where it is too large. */
function read(request: IncomingMessage): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > bodyMaxBytes) return resolve(undefined)
      chunks.push(chunk)
    })
    request.on('end', () => resolve((chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)).toString()))
    request.on('error', reject)
    // An Error is not made for nothing: it costs more than all the rest of the door.
    request.on('close', () => {
      if (!request.complete) reject(new Error('the caller went away in the middle of the request'))
    })
  })
}

/** The request, or a sentence about what is wrong with it. */
function parse(text: string, schema: z.ZodType): WorkRequest | string {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return 'the body is not JSON'
  }
  const { success, data, error } = schema.safeParse(json)
  if (success) return data as WorkRequest
  const [{ path, message }] = error.issues as [z.core.$ZodIssue]
  return path.length === 0 ? `the body: ${message}` : `${path.join('.')}: ${message}`
}

function reply(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body)
  const bytes = Buffer.byteLength(text)
  // Nearly all answers are ASCII, which need no second look at each character.
  response
    .writeHead(status, { 'content-type': 'application/json', 'content-length': bytes })
    .end(text, bytes === text.length ? 'latin1' : 'utf8')
}

/** Names for the callers at the door: as many as there are at once, each with one request at a time, as the history wants it. */
class Callers {
  readonly #server: string
  readonly #free: string[] = []
  #count = 0

  constructor(server: string) {
    this.#server = server
  }

  async asOne<Result>(call: (caller: string) => Promise<Result>): Promise<Result> {
    const caller = this.#free.pop() ?? `${this.#server}/door-${++this.#count}`
    try {
      return await call(caller)
    } finally {
      this.#free.push(caller)
    }
  }
}
