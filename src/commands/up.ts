import { once } from 'node:events'
import { Argument, Command, InvalidArgumentError, Option } from '@commander-js/extra-typings'
import { Children } from '../lib/children.ts'
import { UsageError } from '../lib/failure.ts'
import { suggest } from '../lib/nearest.ts'
import { setUp } from '../lib/tools.ts'
import { openLinks } from '../links/index.ts'
import type { Links } from '../links/links.ts'
import { check } from '../plan/problems.ts'
import { scenario } from '../plan/scenario.ts'
import { portsFor, runtimes, type RuntimeMember } from '../runtimes/index.ts'
import { topologies } from '../topologies/index.ts'
import { numbered } from '../topologies/independent.ts'
import type { Cluster } from '../topologies/topology.ts'
import { examples, exits } from './command.ts'
import { onInterrupt } from './interrupt.ts'
import { imageOption, parseRuntime, runtimeOption } from './runtime-options.ts'

const kinds = Object.keys(topologies)
const serversMax = 16

export function upCommand() {
  return new Command('up')
    .description('Start a topology behind Toxiproxy, print its endpoints, keep it until Ctrl-C.')
    .addArgument(new Argument('<topology>', kinds.join(', ')))
    .option('--nodes <n>', 'redlock: how many independent nodes (3)', count)
    .option('--replicas <n>', 'sentinel: how many replicas (1)', count)
    .option('--sentinels <n>', 'sentinel: how many Sentinels (3)', count)
    .option('--quorum <n>', 'sentinel: how many of them must agree (2)', count)
    .option('--down-after-ms <n>', 'sentinel: silence after which a node counts as down (1000)', count)
    .option('--servers <n>', 'how many sets of links, one for each server', count, 1)
    .addOption(runtimeOption(['process', 'docker']))
    .addOption(imageOption())
    .addOption(new Option('--format <format>', 'how to print it').choices(['text', 'json']).default('text'))
    .addHelpText(
      'after',
      examples({
        'picklock up single': 'one Redis',
        'picklock up sentinel --replicas 2': 'a primary, two replicas, three Sentinels',
        'picklock up redlock --nodes 5 --servers 3': 'five nodes, and links for three servers',
        'picklock up single --runtime docker --image redis=valkey/valkey:8': 'in containers',
        'picklock up single --format json': 'one line of JSON, for programs',
      }),
    )
    .action(
      exits(async (kind, { servers, format, runtime: name, image, ...numbers }) => {
        const options = topologyOptions(kind, numbers)
        if (servers > serversMax) throw new UsageError(`--servers is at most ${serversMax}`)
        const names = numbered('server', servers)
        const { runtime: where, images } = parseRuntime({ runtime: name, image })
        await setUp(where)
        using interrupt = onInterrupt(() => {})
        await using children = await Children.open()
        const lost = new AbortController()
        const signal = AbortSignal.any([interrupt.signal, lost.signal])
        const { redis, sentinels } = topologies[options.kind].nodeNames(options)
        const member: RuntimeMember = runtimes[name]
        await using runtime = await member.open({
          children,
          logs: children.folder,
          images,
          expects: { kind: options.kind, redis, sentinels },
          destructive: [],
          ports: portsFor(redis.length + sentinels.length, servers),
          say: (text) => process.stderr.write(`${text}\n`),
          lost: (why) => lost.abort(why),
        })
        await using links = openLinks(runtime)
        try {
          await using cluster = await topologies[options.kind].start({
            runtime,
            links,
            options,
            servers: names,
            signal,
          })
          const up = await describe(cluster, names, links, runtime.password)
          process.stdout.write(format === 'json' ? `${JSON.stringify(up)}\n` : render(up))
          if (!signal.aborted) await stay(signal)
        } catch (error) {
          if (!signal.aborted) throw error
        }
        if (lost.signal.aborted) throw lost.signal.reason
        // Ctrl-C is how this command is meant to end.
        return 0
      }),
    )
}

function count(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('It takes a whole number from 1 on.')
  return Number(text)
}

function topologyOptions(kind: string, numbers: Record<string, number | undefined>) {
  if (!kinds.includes(kind)) throw new UsageError(`there is no topology ${kind}; ${suggest(kind, kinds)}`)
  const given = Object.entries(numbers).filter(([, value]) => value !== undefined)
  const known = { single: [], redlock: ['nodes'], sentinel: ['replicas', 'sentinels', 'quorum', 'downAfterMs'] }
  const foreign = given.find(([name]) => !known[kind as keyof typeof known].includes(name as never))
  const flag = (name: string) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
  if (foreign) throw new UsageError(`${flag(foreign[0])} means nothing to ${kind}`)
  const { value, problems } = check(scenario.shape.topology, { kind, ...Object.fromEntries(given) })
  const [problem] = problems
  // "`nodes` is 2; it must be at least 3"
  if (problem) throw new UsageError(problem.message.replace(/^`[^`]*`/, flag(String(problem.path[0]))))
  const { quorum, sentinels } = value!
  if (kind === 'sentinel' && quorum > sentinels)
    throw new UsageError(`--quorum ${quorum} can never be reached by ${sentinels} Sentinels`)
  return value!
}

/** Waits with something to wait for: an AbortSignal alone does not keep a process alive. */
async function stay(signal: AbortSignal): Promise<void> {
  const alive = setInterval(() => {}, 60_000)
  await once(signal, 'abort')
  clearInterval(alive)
}

async function describe(cluster: Cluster, servers: string[], links: Links, password: string) {
  const primary = await cluster.primary()
  return {
    topology: cluster.kind,
    password,
    nodes: [...cluster.redis, ...cluster.sentinels].map((node) => ({
      name: node.name,
      role:
        cluster.kind !== 'sentinel'
          ? 'redis'
          : node.kind === 'sentinel'
            ? 'sentinel'
            : node === primary
              ? 'primary'
              : 'replica',
      host: node.host,
      port: node.port,
      pid: node.pid,
    })),
    links: links.all().map(({ name, from, to, host, port }) => ({ name, from, to, host, port })),
    endpoints: Object.fromEntries(servers.map((server) => [server, cluster.endpoints(server)])),
    toxiproxy: links.api,
  }
}

function render(up: Awaited<ReturnType<typeof describe>>): string {
  const width = Math.max(...up.nodes.map(({ name }) => name.length))
  const line = (name: string, host: string, port: number) =>
    `  ${name.padEnd(width)}  ${host}:${String(port).padEnd(5)}  redis-cli${host === '127.0.0.1' ? '' : ` -h ${host}`} -p ${port}`
  const froms = [...new Set(up.links.map(({ from }) => from))]
  const blocks = [
    `${up.topology} is up; Ctrl-C ends it and leaves nothing behind\n`,
    `export REDISCLI_AUTH=${up.password}\n`,
    'direct, past Toxiproxy',
    ...up.nodes.map(({ name, host, port, role }) => `${line(name, host, port)}  # ${role}`),
    ...froms.flatMap((from) => [
      `\n${from === 'cluster' ? 'what nodes and Sentinels reach each other through' : `${from}'s links`}`,
      ...up.links.filter((link) => link.from === from).map(({ to, host, port }) => line(to, host, port)),
    ]),
    `\nToxiproxy's API   ${up.toxiproxy}/proxies`,
  ]
  return `${blocks.join('\n')}\n`
}
