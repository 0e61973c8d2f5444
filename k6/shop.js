import exec from 'k6/execution'
import http from 'k6/http'
import { randoms } from '../src/lib/random.ts'

/**
 * What the scripts share: the doors, and who buys. Each is told by `-e NAME=value` what to do; `picklock run … --load k6` tells all of it, by
 * hand all but DOORS may be left out:
 *
 *   k6 run --vus 10 --duration 10s -e DOORS=http://127.0.0.1:1234,http://127.0.0.1:1235 k6/orders.js
 *
 * DOORS     the addresses of the order servers, with commas
 * SEED      what an iteration asks for depends on the seed and its number alone, and is what Picklock's own load asks for with that seed
 * RESUBMIT  the share of requests that are sent twice at once, to two servers (0)
 *
 * The rest is the workload's own: its options by their names, `AMOUNT_MIN` for `amount.min`.
 */
const doors = (__ENV.DOORS ?? '').split(',').filter((door) => door !== '')
if (doors.length === 0)
  throw new Error('DOORS is empty; give the addresses of the order servers: -e DOORS=http://127.0.0.1:1234')
const seed = option('SEED', Math.floor(Math.random() * 2 ** 32))
const resubmit = option('RESUBMIT', 0)

const customers = 1000
const draws = randoms(seed, 'iteration')
const params = { headers: { 'content-type': 'application/json' }, responseType: 'none' }

// A door's answers: done, done before, refused (sold out …), contended. Anything else is a failed request.
http.setResponseCallback(http.expectedStatuses(201, 200, 409, 423))

/** A number that the script is told, or what it is without. */
export function option(name, otherwise) {
  const value = __ENV[name] === undefined ? otherwise : Number(__ENV[name])
  if (!Number.isFinite(value)) throw new Error(`${name} is "${__ENV[name]}", which is no number`)
  return value
}

/**
 * One iteration: `ask` draws what is asked for, and where. The server is the iteration's, in turn; a double click hits the next one, too.
 * The number of an iteration is its own in the whole test, over all instances of k6.
 */
export function send(ask) {
  const iteration = exec.scenario.iterationInTest
  const number = draws(iteration)
  const userId = 1 + Math.floor(number() * customers)
  const { path, ...asked } = ask({ number, iteration })
  const body = JSON.stringify({ requestId: `r-${seed}-${iteration}`, userId, ...asked })
  const at = (turn) => doors[(iteration + turn) % doors.length] + path
  if (resubmit === 0 || number() >= resubmit) return http.post(at(0), body, params)
  return http.batch([0, 1].map((turn) => ({ method: 'POST', url: at(turn), body, params })))
}
