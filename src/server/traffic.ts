import { Agent, request as httpRequest } from 'node:http'
import type { LoadContext } from '../load/load.ts'
import { randoms } from '../lib/random.ts'
import type { WorkRequest } from '../workloads/workload.ts'
import { intendedHeader } from './door.ts'
import { serveRequest, type Shop } from './order.ts'
import { fillPath } from './route.ts'

export interface TrafficOptions {
  seed: number
  via: 'server' | 'http'
  /** Our own door, and the one of the server that a double click hits: it moves when that server comes back from a crash. */
  own: string
  other: () => string
}

export interface Traffic extends Disposable {
  /** Resolves when every answer is there. */
  iterate(iteration: Parameters<LoadContext['iterate']>[0]): Promise<unknown>
  /** Requests over HTTP that found no server: it had died. */
  undelivered(): number
}

const customers = 1000

/**
 * Turns iterations of the load into requests. What an iteration asks for depends on the seed and its number alone, not on which server
 * runs it or when. The share `resubmit` of them is sent a second time at the same moment, to the next server's door.
 */
export function openTraffic(shop: Shop, { seed, via, own, other }: TrafficOptions): Traffic {
  const { workload, options, discipline, server } = shop
  const agent = new Agent({ keepAlive: true, maxSockets: 1024 })
  const draws = randoms(seed, 'iteration')
  const processes: string[] = []
  let undelivered = 0

  const send = (door: string, request: WorkRequest, intendedNs: number) => {
    const { path, body } = fillPath(workload.door.path, request)
    return post(agent, `${door}${path}`, body, intendedNs).catch(() => void undelivered++)
  }

  return {
    iterate({ vu, iteration, intendedNs }) {
      const number = draws(iteration)
      const userId = 1 + Math.floor(number() * customers)
      const request = workload.request(options, { number, requestId: `r-${seed}-${iteration}`, userId, iteration })
      const process = (processes[vu] ??= `${server}/vu-${vu}`)
      const first: Promise<unknown> =
        via === 'http' ? send(own, request, intendedNs) : serveRequest(shop, process, request, intendedNs)
      if (discipline.resubmit === 0 || number() >= discipline.resubmit) return first
      return Promise.all([first, send(other(), request, intendedNs)])
    },
    undelivered: () => undelivered,
    [Symbol.dispose]: () => agent.destroy(),
  }
}

/** Resolves when the answer has been read, whatever its status says: the server at that door has recorded it. */
function post(agent: Agent, url: string, body: object, intendedNs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, {
      method: 'POST',
      agent,
      headers: { 'content-type': 'application/json', [intendedHeader]: String(Math.round(intendedNs)) },
    })
    request.on('response', (response) => {
      response.on('error', reject).on('end', resolve).resume()
    })
    request.on('error', reject).end(JSON.stringify(body))
  })
}
