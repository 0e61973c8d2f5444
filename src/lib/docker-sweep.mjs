/**
 * Removes what a drill has on a Docker engine: its containers with their volumes, its networks, its volumes, all known by a label. Used by the docker runtime at
 * the end of a drill, and run by the janitor as a program of its own when the controller died: `node docker-sweep.mjs`, with `{ engine, id }` as JSON on stdin.
 *
 * As a program it goes on until nothing was left for a second, because a request that was under way when the controller died may still make a container. An engine
 * that does not answer is asked again for ten minutes; the janitor does not wait for that, and is told so by the end of stdout.
 *
 * Plain JavaScript with nothing to load, as the janitor is.
 */
import { closeSync } from 'node:fs'
import * as http from 'node:http'
import * as https from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

export const drillLabel = 'picklock.drill'

const quietMs = 1000
const roundMs = 200
const enginePatienceMs = 600_000
const answerMs = 30_000

export async function sweepOnce(engine, id) {
  const filters = encodeURIComponent(JSON.stringify({ label: [`${drillLabel}=${id}`] }))
  const containers = JSON.parse(await ask(engine, 'GET', `/containers/json?all=1&filters=${filters}`))
  await Promise.all(containers.map(({ Id }) => ask(engine, 'DELETE', `/containers/${Id}?force=1&v=1`)))
  const networks = JSON.parse(await ask(engine, 'GET', `/networks?filters=${filters}`))
  const volumes = JSON.parse(await ask(engine, 'GET', `/volumes?filters=${filters}`)).Volumes ?? []
  await Promise.all([
    ...networks.map(({ Id }) => ask(engine, 'DELETE', `/networks/${Id}`)),
    ...volumes.map(({ Name }) => ask(engine, 'DELETE', `/volumes/${Name}?force=1`)),
  ])
  return containers.length + networks.length + volumes.length
}

/** The body of an answer; a refusal (gone already, being removed, still in use) is looked at again in the next round. */
function ask({ protocol = 'http', ...where }, method, path) {
  return new Promise((resolve, reject) => {
    const { request } = protocol === 'https' ? https : http
    const asked = request({ ...where, method, path, timeout: answerMs, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk) => (text += chunk))
      response.on('end', () => resolve(text))
      response.on('error', reject)
    })
    asked.on('timeout', () => asked.destroy(new Error(`no answer within ${answerMs} ms`)))
    asked.on('error', reject)
    asked.end()
  })
}

async function sweepToTheEnd({ engine, id }) {
  let waitedFor = true
  const endMs = Date.now() + enginePatienceMs
  for (let quietSinceMs = Date.now(); Date.now() - quietSinceMs < quietMs && Date.now() < endMs; await sleep(roundMs)) {
    try {
      if ((await sweepOnce(engine, id)) > 0) quietSinceMs = Date.now()
    } catch {
      quietSinceMs = Date.now()
      if (waitedFor) closeSync(1)
      waitedFor = false
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGPIPE']) process.on(signal, () => {})
  let text = ''
  process.stdin.setEncoding('utf8')
  for await (const chunk of process.stdin) text += chunk
  await sweepToTheEnd(JSON.parse(text))
}
