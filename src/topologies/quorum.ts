import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { EnvironmentError } from '../lib/failure.ts'
import type { Address } from '../locks/lock.ts'
import type { NodeHandle } from '../runtimes/runtime.ts'

export const masterName = 'mymaster'

const standsMs = 20_000
const pollMs = 5

/** Nodes and Sentinels, and how the harness talks to them. */
export interface Group {
  redis: NodeHandle[]
  sentinels: NodeHandle[]
  admin(name: string): Redis
  /** The node that announces this address. */
  nodeAt(address: Address): NodeHandle | undefined
}

/** Resolves when every replica's link is up and every Sentinel sees the quorum, its peers and the replicas. */
export async function untilQuorumStands(group: Group, signal: AbortSignal): Promise<void> {
  const [, ...replicas] = group.redis
  await Promise.all([
    ...replicas.map(({ name }) => until(name, signal, () => lackOfReplica(group.admin(name)))),
    ...group.sentinels.map(({ name }) => until(name, signal, () => lackOfSentinel(group.admin(name), group))),
  ])
}

/** The primary by the word of the Sentinel with the newest configuration; where none answers, by the nodes' own. */
export async function askPrimary({ redis, sentinels, admin, nodeAt }: Group): Promise<NodeHandle> {
  const answers = await Promise.all(
    sentinels.map(async ({ name }) => {
      const master = await admin(name)
        .call('SENTINEL', 'MASTER', masterName)
        .then(fields, () => undefined)
      return master && { node: nodeAt(addressOf(master)), epoch: Number(master['config-epoch']) }
    }),
  )
  const newest = answers.filter((answer) => answer?.node).toSorted((a, b) => b!.epoch - a!.epoch)[0]
  if (newest?.node) return newest.node
  const roles = await Promise.all(
    redis.map(({ name }) =>
      admin(name)
        .call('ROLE')
        .catch(() => []),
    ),
  )
  const primary = redis.find((_, index) => (roles[index] as unknown[])[0] === 'master')
  if (!primary) throw new Error('no Sentinel answers and no node says that it is the primary')
  return primary
}

async function until(name: string, signal: AbortSignal, lack: () => Promise<string | undefined>): Promise<void> {
  let lacking: string | undefined
  for (const endMs = performance.now() + standsMs; performance.now() < endMs; await sleep(pollMs)) {
    signal.throwIfAborted()
    lacking = await lack().catch((error: Error) => error.message)
    if (lacking === undefined) return
  }
  throw new EnvironmentError(`the Sentinel group does not stand after ${standsMs / 1000} s: ${name}: ${lacking}`)
}

async function lackOfReplica(admin: Redis): Promise<string | undefined> {
  const info = await admin.info('replication')
  return info.includes('master_link_status:up') ? undefined : 'its link to the primary is not up'
}

async function lackOfSentinel(admin: Redis, { redis, sentinels }: Group): Promise<string | undefined> {
  const [quorum, peers, replicas] = await Promise.all([
    admin.call('SENTINEL', 'CKQUORUM', masterName),
    admin.call('SENTINEL', 'SENTINELS', masterName),
    admin.call('SENTINEL', 'REPLICAS', masterName),
  ])
  if (!String(quorum).startsWith('OK')) return String(quorum)
  const seen = (list: unknown) =>
    (list as unknown[]).map(fields).filter(({ flags }) => !/down|disconnected/.test(flags ?? '')).length
  if (seen(peers) < sentinels.length - 1) return `it sees ${seen(peers)} of ${sentinels.length - 1} other Sentinels`
  if (seen(replicas) < redis.length - 1) return `it sees ${seen(replicas)} of ${redis.length - 1} replicas`
  return undefined
}

/** `[name, value, name, value …]` → an object. */
export function fields(flat: unknown): Record<string, string> {
  const list = (flat as unknown[]).map(String)
  return Object.fromEntries(list.flatMap((name, index) => (index % 2 === 0 ? [[name, list[index + 1] ?? '']] : [])))
}

function addressOf({ ip, port }: Record<string, string>): Address {
  return { host: ip ?? '', port: Number(port) }
}
