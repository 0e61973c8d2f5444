import type { Redis } from 'ioredis'
import type { Links } from '../links/links.ts'
import type { Address, Endpoints } from '../locks/lock.ts'
import type { Runtime } from '../runtimes/runtime.ts'
import { openAdmins } from './admin.ts'
import { askPrimary, type Group, masterName, untilQuorumStands } from './quorum.ts'
import { watchSwitches } from './switches.ts'
import type { Cluster } from './topology.ts'

/** Nodes and Sentinels that run; the first node is the primary. */
type Running = Omit<Group, 'admin'> & {
  /** The address by which the others know it. */
  announced(name: string): Address
}

/** Waits until the quorum stands, and from then on knows who leads. */
export async function watchGroup(
  { announced, ...nodes }: Running,
  {
    runtime,
    links,
    signal,
    introduced = () => Promise.resolve(),
  }: {
    runtime: Runtime
    links: Links
    signal: AbortSignal
    introduced?: (admin: (name: string) => Redis) => Promise<void>
  },
): Promise<Cluster> {
  const { redis, sentinels } = nodes
  await using starting = new AsyncDisposableStack()
  const admins = starting.use(openAdmins([...redis, ...sentinels], runtime.password))
  const group = { ...nodes, admin: admins.get }
  const switches = starting.use(watchSwitches(group, runtime.password))
  await Promise.all([introduced(admins.get), switches.ready])
  await untilQuorumStands(group, signal)
  const running = starting.move()
  const names = [...redis, ...sentinels].map(({ name }) => name)

  return {
    kind: 'sentinel',
    redis: redis.toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true })),
    sentinels,
    endpoints: (server) => endpoints(server, { names, sentinels, announced, links, password: runtime.password }),
    primary: () => askPrimary(group),
    admin: admins.get,
    onSwitch: switches.listen,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

function endpoints(
  server: string,
  {
    names,
    sentinels,
    announced,
    links,
    password,
  }: {
    names: string[]
    sentinels: Group['sentinels']
    announced(name: string): Address
    links: Links
    password: string
  },
): Endpoints {
  const through = (name: string): Address => {
    const { host, port } = links.get(`${server}→${name}`)
    return { host, port }
  }
  const known = (name: string) => `${announced(name).host}:${announced(name).port}`
  const natMap = Object.fromEntries(names.map((name) => [known(name), through(name)]))
  return {
    password,
    redis: [],
    sentinel: { name: masterName, password, nodes: sentinels.map(({ name }) => through(name)), natMap },
  }
}
