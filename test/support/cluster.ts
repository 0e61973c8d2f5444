import { Children } from '../../src/lib/children.ts'
import type { Links } from '../../src/links/links.ts'
import { openLinks } from '../../src/links/index.ts'
import { scenario } from '../../src/plan/scenario.ts'
import { runtimes } from '../../src/runtimes/index.ts'
import type { Runtime } from '../../src/runtimes/runtime.ts'
import { topologies } from '../../src/topologies/index.ts'
import type { Cluster } from '../../src/topologies/topology.ts'

export interface Stand extends AsyncDisposable {
  children: Children
  runtime: Runtime
  links: Links
  cluster: Cluster
}

/** A whole topology as a drill has it, for two servers; `topology` is what a scenario file may say. */
export async function stand(topology: unknown, servers = ['server-1', 'server-2']): Promise<Stand> {
  const options = scenario.shape.topology.parse(topology)
  await using stack = new AsyncDisposableStack()
  const children = stack.use(await Children.open())
  const runtime = stack.use(await runtimes.process.open({ children, logs: children.folder }))
  const links = stack.use(openLinks(runtime))
  const { signal } = new AbortController()
  const cluster = stack.use(await topologies[options.kind].start({ runtime, links, options, servers, signal }))
  const running = stack.move()
  return { children, runtime, links, cluster, [Symbol.asyncDispose]: () => running.disposeAsync() }
}
