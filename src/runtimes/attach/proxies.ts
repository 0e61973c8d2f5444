import { EnvironmentError } from '../../lib/failure.ts'

/** One proxy as Toxiproxy's API tells it. */
export interface ProxyState {
  name: string
  listen: string
  upstream: string
  enabled: boolean
  toxics: { name: string; type: string; stream: string; toxicity: number; attributes: Record<string, number> }[]
}

const answerMs = 15_000

/** Throws EnvironmentError where no Toxiproxy answers. */
export async function proxiesAt(api: string): Promise<Record<string, ProxyState>> {
  return (await ask(api, 'GET', '/proxies')) as Record<string, ProxyState>
}

export async function versionAt(api: string): Promise<string> {
  const answer = (await ask(api, 'GET', '/version')) as { version?: string } | string
  return typeof answer === 'string' ? answer : (answer.version ?? 'unknown')
}

/** Makes Toxiproxy's proxies what they were: those that were not there go, those that were are open, lead where they led, and have the toxics that they had. */
export async function restoreProxies(api: string, before: Record<string, ProxyState>): Promise<void> {
  const now = await proxiesAt(api)
  for (const [name, { toxics }] of Object.entries(now)) {
    const path = `/proxies/${encodeURIComponent(name)}`
    const was = before[name]
    if (!was) {
      await ask(api, 'DELETE', path)
      continue
    }
    const { listen, upstream, enabled } = was
    await ask(api, 'POST', path, { listen, upstream, enabled })
    const had = new Set(was.toxics.map((toxic) => toxic.name))
    for (const toxic of toxics)
      if (!had.has(toxic.name)) await ask(api, 'DELETE', `${path}/toxics/${encodeURIComponent(toxic.name)}`)
  }
}

async function ask(api: string, method: string, path: string, body?: object): Promise<unknown> {
  const response = await fetch(`${api}${path}`, {
    method,
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(answerMs),
  }).catch((error: Error) => {
    const { code } = (error.cause ?? {}) as { code?: string }
    throw new EnvironmentError(`no Toxiproxy answers at ${api}: ${code ?? error.message}`)
  })
  const text = await response.text()
  // A proxy or a toxic that is gone already.
  if (!response.ok && response.status !== 404)
    throw new EnvironmentError(`the Toxiproxy at ${api} refuses ${method} ${path}: ${text.trim()}`)
  try {
    return JSON.parse(text)
  } catch {
    return text.trim()
  }
}
