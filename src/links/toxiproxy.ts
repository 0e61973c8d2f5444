import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Proxy, type Toxic, Toxiproxy, type ToxicType } from 'toxiproxy-node-client'
import { EnvironmentError } from '../lib/failure.ts'
import { ping } from '../lib/ping.ts'
import { dialRaw } from '../lib/raw-connection.ts'
import { within } from '../lib/within.ts'
import type { Address } from '../locks/lock.ts'
import type { Runtime } from '../runtimes/runtime.ts'
import type { Link, Links } from './links.ts'

const portTries = 5
/** How long a link that is opened again waits for its port, should somebody have taken it meanwhile. */
const reopenMs = 2_000
/** For one call of Toxiproxy's API, which answers in a millisecond; a starved machine may take many. */
const apiTimeoutMs = 10_000

interface Spec {
  from: string
  to: string
  upstream: Address
}

/**
 * Links through the runtime's one Toxiproxy. It comes back at once, while Toxiproxy is still starting beside the nodes; `open` waits
 * for it, and rejects where it did not start. The proxies end with the runtime.
 */
export function openLinks(runtime: Runtime): Links {
  const links = new Map<string, Link>()
  const started = runtime.startToxiproxy()
  let known = { api: '', version: '' }
  started.then(
    (toxiproxy) => (known = toxiproxy),
    () => {},
  )
  const get = (name: string) => {
    const link = links.get(name)
    if (!link) throw new Error(`there is no link ${name}; there are ${[...links.keys()].join(', ')}`)
    return link
  }

  return {
    async open(specs) {
      const bodies = await Promise.all(specs.map(async (spec) => body(spec, runtime, await runtime.port())))
      const { api, logFile } = await started
      const toxiproxy = new Toxiproxy(api)
      const proxies = await answered(toxiproxy.populate(bodies)).catch(() => answered(toxiproxy.getAll()))
      const opened = await Promise.all(
        specs.map(async (spec, index) => {
          const proxy = proxies[bodies[index]!.name] ?? (await onAnotherPort(toxiproxy, spec, runtime, logFile))
          return openLink(proxy, spec, runtime)
        }),
      )
      for (const link of opened) links.set(link.name, link)
      return opened
    },
    async adopt(specs) {
      const { api } = await started
      const proxies = await answered(new Toxiproxy(api).getAll())
      const adopted = specs.flatMap(({ from, to }) => {
        const proxy = proxies[proxyName({ from, to })]
        if (!proxy) return []
        const [, upstreamHost = '', upstreamPort] = /^(.*):(\d+)$/.exec(proxy.upstream) ?? []
        const upstream = { host: upstreamHost, port: Number(upstreamPort) }
        return [openLink(proxy, { from, to, upstream }, runtime)]
      })
      for (const link of adopted) links.set(link.name, link)
      return adopted
    },
    get,
    all: () => [...links.values()],
    get api() {
      return known.api
    },
    get version() {
      return known.version
    },
    async [Symbol.asyncDispose]() {
      // Whoever leaves while it is still starting gets no late rejection.
      await started.catch(() => {})
    },
  }
}

/** A proxy's name is a part of its URL. */
const proxyName = ({ from, to }: { from: string; to: string }) => `${from}__${to}`

function body({ from, to, upstream }: Spec, { listenHost }: Runtime, port: number) {
  return {
    name: proxyName({ from, to }),
    listen: `${listenHost}:${port}`,
    upstream: `${upstream.host}:${upstream.port}`,
    enabled: true,
  }
}

/** Toxiproxy stops at the first port that it cannot have; what is missing is asked for one by one. */
async function onAnotherPort(toxiproxy: Toxiproxy, spec: Spec, runtime: Runtime, logFile: string): Promise<Proxy> {
  for (let tries = 1; ; tries++) {
    const asked = body(spec, runtime, await runtime.port())
    try {
      return await answered(create(toxiproxy, asked))
    } catch (error) {
      if (tries < portTries) continue
      const log = (await readFile(logFile, 'utf8').catch(() => '')).trim().split('\n').slice(-2).join(' / ')
      const more = runtime.kind === 'attach' ? 'its ports for links are given by --link-ports' : log
      throw new EnvironmentError(
        `Toxiproxy does not open the link ${spec.from}→${spec.to}: ${(error as Error).message}; ${more}`,
      )
    }
  }
}

function openLink(proxy: Proxy, { from, to, upstream }: Spec, { host, password }: Runtime): Link {
  const port = Number(proxy.listen.slice(proxy.listen.lastIndexOf(':') + 1))
  const name = `${from}→${to}`
  let { host: upstreamHost, port: upstreamPort } = upstream
  let cuts = 0
  let toxics = 0
  let last: Promise<unknown> = Promise.resolve()

  /** Makes Toxiproxy's state ours; one request after the other, so that the last one tells the truth. */
  function settle(): Promise<void> {
    const settled = last.then(async () => {
      for (const endMs = performance.now() + reopenMs; ; await sleep(50)) {
        try {
          const state = { enabled: cuts === 0, listen: proxy.listen, upstream: `${upstreamHost}:${upstreamPort}` }
          await answered(proxy.update(state))
          return
        } catch (error) {
          if (performance.now() > endMs) throw new Error(`link ${name}: ${(error as Error).message}`, { cause: error })
        }
      }
    })
    last = settled.catch(() => {})
    return settled
  }

  return {
    name,
    from,
    to,
    host,
    port,
    get isCut() {
      return cuts > 0
    },
    async retarget(address) {
      upstreamHost = address.host
      upstreamPort = address.port
      await settle()
    },
    async addToxic({ type, stream, attributes }) {
      toxics += 1
      // Toxiproxy judges the type; the client's list of types is no longer than ours.
      const adding = proxy.addToxic({
        name: `${type}-${toxics}`,
        type: type as ToxicType,
        stream,
        toxicity: 1,
        attributes,
      })
      try {
        const toxic = await answered(adding)
        return once(() => answered(undo(toxic)))
      } catch (error) {
        // Added after all, when nobody waits for it any more.
        adding.then(undo).catch(() => {})
        throw error
      }
    },
    async cut() {
      cuts += 1
      const opened = once(() => {
        cuts -= 1
        return settle()
      })
      try {
        await settle()
      } catch (error) {
        cuts -= 1
        throw error
      }
      return opened
    },
    ping: (timeoutMs) => ping({ host, port }, password, timeoutMs),
    dial: (timeoutMs) => dialRaw({ host, port, password, timeoutMs }),
  }
}

/** With these attributes a toxic lets everything pass. */
const harmless: Partial<Record<string, Record<string, number>>> = {
  latency: { latency: 0, jitter: 0 },
  // KB a second.
  bandwidth: { rate: 1_000_000_000 },
}

/**
 * What holds data back is made harmless, and stays: where it is removed, Toxiproxy writes out what was held before it answers, five seconds
 * for each piece that nobody takes any more, and lets nothing pass the link meanwhile. A client that gave up while it waited is enough for
 * that. This way what was held flows out by itself, and what has nobody to go to ends with its connection.
 */
async function release(toxic: Toxic<Record<string, number>>): Promise<void> {
  const attributes = harmless[toxic.type]
  if (attributes === undefined) return toxic.remove()
  await toxic.update({ ...toxic.toJson(), attributes })
}

/** Once more where the connection to Toxiproxy ended with the request, or with its answer: then the toxic may be gone already. */
async function undo(toxic: Toxic<Record<string, number>>): Promise<void> {
  try {
    await release(toxic)
  } catch (error) {
    if ((error as Error).message !== 'fetch failed') throw error
    await release(toxic).catch((again: Error) => {
      if (!again.message.endsWith(' 404')) throw again
    })
  }
}

/** Toxiproxy's answer, or a rejection when it is overdue. */
const answered = <Value>(call: Promise<Value>): Promise<Value> => within(apiTimeoutMs, "Toxiproxy's answer", call)

/** As the client does it, but a refusal keeps Toxiproxy's own words (`listen tcp …: address already in use`), of which the client tells the status only. */
async function create(toxiproxy: Toxiproxy, asked: ReturnType<typeof body>): Promise<Proxy> {
  const response = await fetch(`${toxiproxy.host}/proxies`, { method: 'POST', body: JSON.stringify(asked) })
  const text = await response.text()
  if (response.ok) return toxiproxy.get(asked.name)
  throw new Error(/"error":"([^"]+)"/.exec(text)?.[1] ?? text.trim())
}

/** Disposing of it a second time does nothing. */
function once(undo: () => Promise<void>): AsyncDisposable {
  let undone: Promise<void> | undefined
  return { [Symbol.asyncDispose]: () => (undone ??= undo()) }
}
