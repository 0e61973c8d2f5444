import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { z } from 'zod'
import type { RequestOutcome } from '../history/event.ts'
import type { WorkRequest } from '../workloads/workload.ts'
import { metricsText } from './metrics.ts'
import { serveRequest, type Shop } from './order.ts'
import { matchPath } from './route.ts'

/** Who sends a request late says when it meant to: ns of the drill's clock. Ours do; a browser need not. */
export const intendedHeader = 'picklock-intended-ns'

const bodyMaxBytes = 64 * 1024

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
}

/** Opens the server's HTTP door on a loopback port of the system's choice. */
export async function openDoor(shop: Shop): Promise<Door> {
  const callers = new Callers(shop.server)
  const server = createServer((request, response) => {
    answer(shop, callers, request, response).catch((error: unknown) => {
      // The caller is gone, or we have a bug; either way this process goes on.
      if (!response.headersSent) reply(response, 500, { outcome: 'indeterminate', message: (error as Error).message })
      else response.destroy()
    })
  })
  // Our own clients keep their connections; a server that closes them first would cut a request in two.
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

async function answer(shop: Shop, callers: Callers, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const intendedNs = shop.now()
  const path = request.url?.split('?', 1)[0] ?? '/'
  const { door } = shop.workload
  const ours = matchPath(door.path, path)
  const method = ours ? 'POST' : ['/health', '/metrics'].includes(path) ? 'GET' : undefined
  if (method === undefined)
    return reply(response, 404, { message: `there is no ${path} here; there is ${door.path}, /health, /metrics` })
  if (request.method !== method) {
    response.setHeader('allow', method)
    return reply(response, 405, { message: `${path} answers ${method} only` })
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
    return reply(response, 413, { message: `the body is larger than ${bodyMaxBytes} bytes` })
  }
  const said = parse(body, door.body)
  if (typeof said === 'string') return reply(response, 400, { message: said })
  const order = { ...said, ...ours }
  const meantNs = Number(request.headers[intendedHeader] ?? Number.NaN)
  const result = await callers.asOne((caller) =>
    serveRequest(shop, caller, order, Number.isSafeInteger(meantNs) && meantNs >= 0 ? meantNs : intendedNs),
  )
  const { outcome, message } = result
  reply(response, statuses[outcome], { outcome, ...(message !== undefined && { message }) })
}

/** Undefined where it is too large. */
async function read(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > bodyMaxBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
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
  response
    .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
    .end(text)
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
