import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { UsageError } from '../../lib/failure.ts'
import type { Address, TopologyKind } from '../../locks/lock.ts'
import { composeStack } from './compose.ts'

/** What `--runtime attach` is given on the command line. It stands in reports, so it carries no password. */
export interface AttachChoice {
  /** A YAML or JSON file, `stackFile` below. */
  readonly file?: string | undefined
  /** `host:port` each. */
  readonly redis?: readonly string[]
  readonly sentinels?: readonly string[]
  /** `http://host:port` */
  readonly toxiproxy?: string | undefined
  /** `21000-21023` */
  readonly linkPorts?: string | undefined
  /** Hosts on which nodes may be killed, filled and reconfigured though they are not this machine. */
  readonly allowDestructive?: readonly string[]
}

/** What already runs, and how it is reached. */
export interface Stack {
  /** For sentences. */
  source: string
  password: string
  redis: StackNode[]
  sentinels: StackNode[]
  toxiproxy: {
    api: string
    host: string
    /** The address on which links listen there. */
    listenHost: string
    /** At which links can be reached. */
    ports: number[]
  }
  /** A connection string; without it, the ledger is Picklock's own. */
  ledger?: string | undefined
}

export interface StackNode extends Address {
  name: string
  /** The id of its container, where it is one on the engine that answers here. */
  container?: string
}

const defaultLinkPorts = '21000-21023'
const address = z.string().regex(/^[^\s:]+:\d{1,5}$/, 'an address is host:port, for example 127.0.0.1:6379')
const stackFile = z.strictObject({
  redis: z.array(address).min(1),
  sentinels: z.array(address).default([]),
  toxiproxy: z.url(),
  linkPorts: z
    .string()
    .regex(/^\d+-\d+$/)
    .default(defaultLinkPorts),
  ledger: z.string().optional(),
})

/** By the flags, else by the file, else by the labels of docker-compose.yml. Throws UsageError or EnvironmentError. */
export async function stackOf(choice: AttachChoice, kind: TopologyKind, cwd = process.cwd()): Promise<Stack> {
  const { file, redis = [], sentinels = [], toxiproxy, linkPorts = defaultLinkPorts } = choice
  if (file !== undefined) return given(`the stack of ${file}`, fromFile(resolve(cwd, file), file))
  if (redis.length === 0 && toxiproxy === undefined) return composeStack(kind)
  if (redis.length === 0) throw new UsageError('--toxiproxy needs the nodes behind it; add --redis host:port for each')
  if (toxiproxy === undefined)
    throw new UsageError(
      '--redis needs a Toxiproxy that servers can reach it through; add --toxiproxy http://host:port',
    )
  return given('the stack of the flags', checked({ redis, sentinels, toxiproxy, linkPorts }, 'the flags'))
}

function fromFile(path: string, shown: string): z.output<typeof stackFile> {
  let written: unknown
  try {
    written = parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new UsageError(`${shown} cannot be read as a stack: ${(error as Error).message.split('\n')[0]}`)
  }
  return checked(written, shown)
}

function checked(written: unknown, where: string): z.output<typeof stackFile> {
  const { data, error } = stackFile.safeParse(written)
  if (data) return data
  const [issue] = error.issues
  throw new UsageError(`${where}: ${issue!.path.length > 0 ? `\`${issue!.path.join('.')}\`: ` : ''}${issue!.message}`)
}

function given(source: string, { redis, sentinels, toxiproxy, linkPorts, ledger }: z.output<typeof stackFile>): Stack {
  const { hostname } = new URL(toxiproxy)
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  return {
    source,
    password: process.env['PICKLOCK_REDIS_PASSWORD'] ?? '',
    redis: numbered('redis', redis),
    sentinels: numbered('sentinel', sentinels),
    toxiproxy: {
      api: toxiproxy.replace(/\/$/, ''),
      host,
      listenHost: isLoopback(host) ? '127.0.0.1' : '0.0.0.0',
      ports: range(linkPorts),
    },
    ledger: process.env['PICKLOCK_LEDGER'] ?? ledger,
  }
}

const numbered = (name: string, addresses: readonly string[]): StackNode[] =>
  addresses.map((text, index) => {
    const colon = text.lastIndexOf(':')
    return { name: `${name}-${index + 1}`, host: text.slice(0, colon), port: Number(text.slice(colon + 1)) }
  })

export function range(text: string): number[] {
  const [first = 0, last = 0] = text.split('-').map(Number)
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index)
}

export const isLoopback = (host: string): boolean => /^(localhost|127(\.\d+){3}|::1)$/.test(host)
