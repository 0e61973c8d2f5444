import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Address } from '../locks/lock.ts'

const startMs = 10_000
const pollMs = 4
const lookEveryMs = 200

/** Waits for Toxiproxy to answer. Undefined where it ended, or does not answer; `look` is called now and then to see whether it has. */
export async function untilVersion(
  api: Address,
  ended: () => boolean,
  look: () => Promise<void> = () => Promise.resolve(),
): Promise<string | undefined> {
  let lookAtMs = performance.now() + lookEveryMs
  for (const endMs = performance.now() + startMs; performance.now() < endMs && !ended(); await sleep(pollMs)) {
    const version = /"version": *"([^"]*)"/.exec(await getOnce(api, '/version'))?.[1]
    if (version !== undefined) return version
    if (performance.now() < lookAtMs) continue
    await look()
    lookAtMs = performance.now() + lookEveryMs
  }
  return undefined
}

/** The whole answer as text, empty where there is none. By hand: to load `fetch` takes longer than Toxiproxy to start. */
function getOnce({ host, port }: Address, path: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1000 })
    let text = ''
    socket.setEncoding('utf8')
    socket.on('connect', () => socket.write(`GET ${path} HTTP/1.0\r\nHost: ${host}\r\n\r\n`))
    socket.on('data', (chunk: string) => (text += chunk))
    socket.on('timeout', () => socket.destroy())
    socket.on('error', () => {})
    socket.on('close', () => resolve(text))
  })
}
