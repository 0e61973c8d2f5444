import type { ContainerInfo } from 'dockerode'
import { EnvironmentError, UsageError } from '../../lib/failure.ts'
import type { TopologyKind } from '../../locks/lock.ts'
import { answered, connect } from '../engine.ts'
import { range, type Stack, type StackNode } from './stack.ts'

/** The labels of docker-compose.yml. */
const label = { stack: 'picklock.stack', node: 'picklock.node', port: 'picklock.port', links: 'picklock.links' }
const loopback = '127.0.0.1'

/** The stack of docker-compose.yml, found by its labels on the Docker engine that answers. Throws EnvironmentError where it is not up. */
export async function composeStack(kind: TopologyKind): Promise<Stack> {
  const { docker, reach } = await connect()
  const containers = await answered(docker.listContainers({ all: true, filters: { label: [label.node] } }))
  const named = (name: string) => containers.find(({ Labels }) => Labels[label.node] === name)
  const nodes = containers.filter(({ Labels }) => Labels[label.stack] === kind)
  const toxiproxy = named('toxiproxy')
  const up = `docker compose --profile ${kind} up -d --wait`
  if (nodes.length === 0 || toxiproxy === undefined)
    throw new EnvironmentError(
      `--runtime attach finds no ${kind} stack: type ${up} beside docker-compose.yml, or give one with --redis and --toxiproxy, or --attach <file>`,
    )
  const down = [toxiproxy, ...nodes].filter(({ State }) => State !== 'running')
  if (down.length > 0)
    throw new EnvironmentError(
      `${down.map(({ Names, State }) => `${Names[0]?.slice(1)} is ${State}`).join(', ')}: type ${up} to mend the stack`,
    )
  // Through a published port a connection stands before anybody listens: where there is a straighter way, faults are felt as they are.
  const own = Object.values((await answered(docker.getContainer(toxiproxy.Id).inspect())).NetworkSettings.Networks)[0]
  const host = (reach === 'direct' && own?.IPAddress) || loopback
  const nodesOf = (name: string): StackNode[] =>
    nodes
      .filter(({ Labels }) => Labels[label.node]!.startsWith(`${name}-`))
      .map(({ Id, Labels }) => ({ name: Labels[label.node]!, host, port: Number(Labels[label.port]), container: Id }))
      .toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
  const environmentOf = async ({ Id }: ContainerInfo) => {
    const { Config } = await answered(docker.getContainer(Id).inspect())
    return Object.fromEntries(Config.Env.map((text) => text.split(/=(.*)/s).slice(0, 2) as [string, string]))
  }
  const { REDISCLI_AUTH = '' } = await environmentOf(nodes[0]!)
  const postgres = named('postgres')
  return {
    source: `the compose stack ${toxiproxy.Labels['com.docker.compose.project'] ?? ''}`.trim(),
    password: REDISCLI_AUTH,
    redis: nodesOf('redis'),
    sentinels: nodesOf('sentinel'),
    toxiproxy: {
      api: host === loopback ? `http://${loopback}:${published(toxiproxy, 8474)}` : `http://${host}:8474`,
      host,
      listenHost: '0.0.0.0',
      ports: range(toxiproxy.Labels[label.links] ?? ''),
    },
    ...(postgres && { ledger: ledgerAt(published(postgres, 5432), await environmentOf(postgres)) }),
  }
}

function published({ Ports, Names }: ContainerInfo, port: number): number {
  const at = Ports.find(({ PrivatePort, PublicPort }) => PrivatePort === port && PublicPort)?.PublicPort
  if (at === undefined) throw new UsageError(`${Names[0]?.slice(1)} does not publish its port ${port}`)
  return at
}

function ledgerAt(port: number, env: Record<string, string>): string {
  const { POSTGRES_USER = 'postgres', POSTGRES_PASSWORD = '', POSTGRES_DB = POSTGRES_USER } = env
  return `postgres://${encodeURIComponent(POSTGRES_USER)}:${encodeURIComponent(POSTGRES_PASSWORD)}@${loopback}:${port}/${POSTGRES_DB}`
}
