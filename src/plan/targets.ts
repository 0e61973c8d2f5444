import { UsageError } from '../lib/failure.ts'
import { suggest } from '../lib/nearest.ts'

/**
 * The words with which a scenario says whom a fault hits.
 *
 *   nodes     primary, replica, one, minority, majority, all, redis-2, sentinel-1
 *   servers   server-1, servers, holder
 *   links     server-1→redis-2, servers→primary, cluster→primary: a server, `servers`, `holder` or `cluster`, then any word for
 *             nodes. `->` may stand for the arrow.
 *
 * Words are resolved when the fault is injected, because `primary` and `holder` change; what they *can* mean is checked before.
 */
export interface Names {
  /** `redis-1` …, in order. */
  redis: readonly string[]
  /** Empty but for Sentinel. */
  sentinels: readonly string[]
  servers: readonly string[]
}

/** Who is who at the moment of injection. */
export interface Situation extends Names {
  primary: string
  /** The server that holds a lock right now, where the target asks for it. */
  holder?: string | undefined
  /** Uniform in [0, 1), seeded: `one`, `minority` and `majority` are its choice. */
  random(): number
}

/** All names; the drill looks up its handles by them. */
export interface ResolvedTarget {
  /** For people and the report: `redis-1`, or `server-1→redis-1, server-2→redis-1`. */
  label: string
  nodes: string[]
  links: string[]
  servers: string[]
}

const nodeWords = ['primary', 'replica', 'one', 'minority', 'majority', 'all'] as const
const serverWords = ['servers', 'holder'] as const

type Parsed = { kind: 'nodes' | 'servers'; word: string } | { kind: 'links'; from: string; to: string }

/** Whether it asks who holds a lock at this moment. */
export const isHolder = (text: string): boolean => /^\s*holder\b/.test(text)

/** What a target is about. Throws UsageError where a word does not exist on this topology, with the nearest that does. */
export function checkTarget(text: string, topology: string, names: Names): 'nodes' | 'links' | 'servers' {
  const target = parse(text)
  if (target.kind === 'links') {
    if (target.from === 'cluster' && names.sentinels.length === 0)
      throw new UsageError(
        `the target \`${text}\` does not exist on ${topology}, whose nodes say nothing to each other`,
      )
    const cluster = names.sentinels.length > 0 ? ['cluster'] : []
    known(target.from, [...names.servers, ...serverWords, ...cluster], topology, 'the start of a link')
    checkNodes(target.to, topology, names)
  } else if (target.kind === 'servers') known(target.word, [...names.servers, ...serverWords], topology, 'a server')
  else checkNodes(target.word, topology, names)
  return target.kind
}

/** The names that a target means now. Pure: the same situation and random numbers give the same names. */
export function resolveTarget(text: string, situation: Situation): ResolvedTarget {
  const target = parse(text)
  const nodes = target.kind === 'nodes' ? pickNodes(target.word, situation) : []
  const servers = target.kind === 'servers' ? pickServers(target.word, situation) : []
  const links = target.kind === 'links' ? pickLinks(target.from, target.to, situation) : []
  return { label: [...nodes, ...servers, ...links].join(', '), nodes, links, servers }
}

/** Whether two targets have something in common for certain, whatever the words come to mean: both `all`, both `redis-1`, two majorities. */
export function certainly(a: string, b: string, names: Names): boolean {
  const [first, second] = [parse(a), parse(b)]
  const nodesMeet = (one: string, other: string) => meet(nodesOf(one, names), nodesOf(other, names))
  const serversMeet = (one: string, other: string) => meet(serversOf(one, names), serversOf(other, names))
  if (first.kind === 'links' && second.kind === 'links')
    return serversMeet(first.from, second.from) && nodesMeet(first.to, second.to)
  if (first.kind === 'links' || second.kind === 'links') {
    const ends = [first, second].map((target) => (target.kind === 'links' ? target.to : target.word)) as [
      string,
      string,
    ]
    // All links to a node end at it; a server at the start of a link is no part of it.
    return first.kind !== 'servers' && second.kind !== 'servers' && nodesMeet(...ends)
  }
  if (first.kind !== second.kind) return false
  return first.kind === 'nodes' ? nodesMeet(first.word, second.word) : serversMeet(first.word, second.word)
}

/** Some of these names: which of them is open where there are more than `count`. */
interface Some {
  from: readonly string[]
  count: number
}

function meet(a: Some, b: Some): boolean {
  const common = a.from.filter((name) => b.from.includes(name)).length
  // As many as can lie outside of what they have in common do.
  const outside = ({ from, count }: Some) => Math.min(count, from.length - common)
  return a.count - outside(a) + (b.count - outside(b)) > common
}

function nodesOf(word: string, { redis }: Names): Some {
  switch (word) {
    case 'all':
      return { from: redis, count: redis.length }
    case 'primary':
    case 'replica':
    case 'one':
      // Who it is moves: a second one may be another node.
      return { from: redis, count: 1 }
    case 'minority':
      return { from: redis, count: minority(redis.length) }
    case 'majority':
      return { from: redis, count: Math.floor(redis.length / 2) + 1 }
    default:
      return { from: [word], count: 1 }
  }
}

function serversOf(word: string, { servers }: Names): Some {
  if (word === 'servers') return { from: servers, count: servers.length }
  if (word === 'holder') return { from: servers, count: 1 }
  return { from: [word], count: 1 }
}

function parse(text: string): Parsed {
  const parts = text.split(/→|->/).map((part) => part.trim())
  const [from = '', to = ''] = parts
  if (parts.length > 2 || parts.some((part) => part === ''))
    throw new UsageError(
      `the target \`${text}\` cannot be read: it is a word such as primary, or a link such as servers→primary`,
    )
  if (parts.length === 2) return { kind: 'links', from, to }
  return { kind: /^(server-|servers$|holder$)/.test(from) ? 'servers' : 'nodes', word: from }
}

function checkNodes(word: string, topology: string, { redis, sentinels, servers }: Names): void {
  const right = [...nodeWords, ...redis, ...sentinels]
  known(word, right, topology, 'a node', [...servers, ...serverWords])
  if ((word === 'primary' || word === 'replica') && topology === 'redlock')
    throw new UsageError(
      `the target \`${word}\` does not exist on redlock, whose nodes are all independent: take one, minority, majority, all or redis-1`,
    )
  if (word === 'replica' && redis.length < 2)
    throw new UsageError(`the target \`replica\` does not exist on ${topology}, which has one node`)
  if (word === 'minority' && minority(redis.length) === 0)
    throw new UsageError(`the target \`minority\` does not exist on ${topology}, it takes at least three nodes`)
}

function known(
  word: string,
  right: readonly string[],
  topology: string,
  what: string,
  alsoNear: readonly string[] = [],
) {
  if (right.includes(word)) return
  throw new UsageError(
    `the target \`${word}\` is not ${what} of ${topology}; ${suggest(word, [...right, ...alsoNear])}`,
  )
}

const minority = (count: number) => Math.floor((count - 1) / 2)

function pickNodes(word: string, { redis, sentinels, primary, random }: Situation): string[] {
  switch (word) {
    case 'primary':
      return [primary]
    case 'replica':
      return sample(
        redis.filter((name) => name !== primary),
        1,
        random,
      )
    case 'one':
      return sample(redis, 1, random)
    case 'minority':
      return sample(redis, minority(redis.length), random)
    case 'majority':
      return sample(redis, Math.floor(redis.length / 2) + 1, random)
    case 'all':
      return [...redis]
    default:
      if (redis.includes(word) || sentinels.includes(word)) return [word]
      throw new UsageError(`the target \`${word}\` is no node of this drill`)
  }
}

function pickServers(word: string, { servers, holder }: Situation): string[] {
  if (word === 'servers') return [...servers]
  if (word === 'holder') {
    if (holder === undefined) throw new Error('no server held a lock, nor came to hold one')
    return [holder]
  }
  if (servers.includes(word)) return [word]
  throw new UsageError(`the target \`${word}\` is no server of this drill`)
}

function pickLinks(from: string, to: string, situation: Situation): string[] {
  const nodes = pickNodes(to, situation)
  const starts = from === 'cluster' ? ['cluster'] : pickServers(from, situation)
  return starts.flatMap((start) => nodes.map((node) => `${start}→${node}`))
}

/** `count` of them, in their own order. */
function sample(from: readonly string[], count: number, random: () => number): string[] {
  const left = [...from]
  const taken = Array.from({ length: Math.min(count, left.length) }, () =>
    left.splice(Math.floor(random() * left.length), 1).at(0),
  )
  return from.filter((name) => taken.includes(name))
}
