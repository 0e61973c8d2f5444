import { beside } from '../lib/beside.ts'
import { EnvironmentError, UsageError } from '../lib/failure.ts'
import { proxiesAt, versionAt, type ProxyState } from './attach/proxies.ts'
import { type Before, restore } from './attach/restore.ts'
import { isLoopback, type Stack, stackOf } from './attach/stack.ts'
import { StandingNode } from './attach/standing-node.ts'
import { ownPrefix, survey, type Surveyed } from './attach/survey.ts'
import { DrillContainer } from './drill-container.ts'
import { connect, answered } from './engine.ts'
import type { RuntimeContext } from './index.ts'
import type { Runtime } from './runtime.ts'

/**
 * Nodes that already run, with a Toxiproxy in front. Nothing is started: a drill looks at everything first, refuses what is not its own to break, adds its links to Toxiproxy,
 * and leaves all as it was, also where Picklock is killed.
 */
export async function openAttachRuntime(context: RuntimeContext): Promise<Runtime> {
  const { children, expects, attach = {}, ports: _ } = context
  const stack = await stackOf(attach, expects.kind)
  refuse(stack, context)
  const seen = await survey(stack)
  const { api } = stack.toxiproxy
  const [proxies, version] = [await proxiesAt(api), await versionAt(api)]
  refuseForeign(api, proxies, expects)
  const docker = stack.redis.some(({ container }) => container !== undefined) ? (await connect()).docker : undefined
  const containers = new Map<string, DrillContainer>()
  for (const { node } of seen)
    if (docker && node.container !== undefined)
      containers.set(node.name, await DrillContainer.adopt({ docker }, node.name, node.container))
  const keyPrefix = `${ownPrefix}${children.id}:`
  const before: Before = {
    password: stack.password,
    keyPrefix,
    bookkeeping: [],
    nodes: seen
      .filter(({ node }) => stack.redis.includes(node))
      .map(({ node, config, keys }) => ({ ...node, config, keys })),
    toxiproxy: { api, proxies },
    containers: await Promise.all(
      [...containers.values()].map(async (container) => ({
        id: container.id,
        memoryBytes: (await container.inspect()).HostConfig.Memory ?? 0,
      })),
    ),
  }
  const register = () => children.atTheEnd('attach', beside(import.meta.url, 'attach/restore'), before)
  register()
  const free = [...stack.toxiproxy.ports]
  const nodes = new Map<string, Surveyed>(seen.map((one) => [one.node.name, one]))

  return {
    kind: 'attach',
    host: stack.toxiproxy.host,
    listenHost: stack.toxiproxy.listenHost,
    password: stack.password,
    folder: children.folder,
    keyPrefix,
    standing: true,
    keepsBooks(globs) {
      before.bookkeeping = globs
      register()
    },
    startNode: ({ name }) => StandingNode.open(nodes.get(name)!, stack.password, containers.get(name)),
    startToxiproxy: () => Promise.resolve({ api, logFile: '', version }),
    async port() {
      const next = free.shift()
      if (next === undefined)
        throw new UsageError(
          `${stack.source} has ${stack.toxiproxy.ports.length} ports for links, which is not enough for this drill; widen --link-ports, or take fewer servers`,
        )
      return next
    },
    async versions() {
      const engine = docker && (await answered(docker.version())).Version
      return { redis: seen[0]!.version, ...(engine !== undefined && { docker: engine }) }
    },
    async [Symbol.asyncDispose]() {
      // The janitor does it once more when all servers are dead: whatever went wrong before, nobody writes after that.
      try {
        const strange = await restore(before)
        if (strange.length > 0)
          context.say(
            `left where they are, because nobody knows whose they are: the keys ${strange.slice(0, 5).join(', ')}`,
          )
      } catch (error) {
        // Whoever reads the end of this drill shall know.
        context.say(`the stack is not yet as it was: ${(error as Error).message}`)
      }
    },
  }
}

/** What a drill must not do, or could not do, to this stack. */
function refuse(stack: Stack, { expects, destructive, attach = {} }: RuntimeContext): void {
  for (const [what, want, have] of [
    ['Redis nodes', expects.redis, stack.redis],
    ['Sentinels', expects.sentinels, stack.sentinels],
  ] as const)
    if (want.length !== have.length)
      throw new UsageError(
        `the drill is made for ${want.length} ${what} (${expects.kind}), and ${stack.source} has ${have.length}; --set topology.… changes the drill`,
      )
  for (const { fault, onProcess } of destructive) {
    const bare = [...stack.redis, ...stack.sentinels].find(({ container }) => container === undefined)
    if (onProcess && bare)
      throw new UsageError(
        `${fault} takes a hand on the process of a node, and ${bare.name} (${bare.host}:${bare.port}) is reached by its address only; attach to a compose stack, or leave the fault out`,
      )
    const strange = [...stack.redis, ...stack.sentinels].find(
      // A container of the engine that answers here is this machine's, whatever its address.
      ({ host, container }) => container === undefined && !isLoopback(host) && !attach.allowDestructive?.includes(host),
    )
    if (strange)
      throw new UsageError(
        `${fault} would break ${strange.name} at ${strange.host}, which is not this machine; if nobody else needs it, add --allow-destructive ${strange.host}`,
      )
  }
}

/** Proxies of the stack's own are those between its nodes. */
function refuseForeign(
  api: string,
  proxies: Record<string, ProxyState>,
  { redis, sentinels }: RuntimeContext['expects'],
) {
  const names = Object.keys(proxies)
  const clusterLinks = names.filter((name) => name.startsWith('cluster__'))
  const foreign = names.filter((name) => !clusterLinks.includes(name))
  if (foreign.length > 0)
    throw new UsageError(
      `the Toxiproxy at ${api} has proxies of somebody else (${foreign.slice(0, 3).join(', ')}${foreign.length > 3 ? ' …' : ''}): a drill needs one of its own, or another drill is on`,
    )
  const toxic = Object.values(proxies).find(({ enabled, toxics }) => !enabled || toxics.length > 0)
  if (toxic && [...redis, ...sentinels].some((name) => toxic.name === `cluster__${name}`))
    throw new EnvironmentError(
      `${toxic.name} of the Toxiproxy at ${api} is ${toxic.enabled ? 'not without a toxic' : 'closed'}: the stack is broken before the drill`,
    )
}
