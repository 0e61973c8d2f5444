import { holdAt, overlappingPairs, serverOfHold, type Holds } from '../../checkers/holds.ts'
import { tableOf } from '../../history/event-table.ts'
import { Packer } from './pack.ts'
import type { PageData } from './page-data.ts'

/** Beyond this the page would be larger than a mail server lets pass, and no screen has as many columns. */
export const holdsMax = 100_000
/** Overlaps and what surrounds them are worth more than the rest. */
const violatingMax = 120_000
const aroundNs = 50e6

export interface DrawnHolds {
  servers: string[]
  keys: PageData['keys']
  holds: PageData['holds']
  overlaps: PageData['overlaps']
  /** Of a hold of the history, its number among the drawn ones; -1 where it was thinned out. */
  numberOf: Int32Array
  /** Times around the overlaps, by key, in order, that do not touch. */
  around: Window[][]
}

interface Window {
  fromNs: number
  toNs: number
}

/** Which holds the picture has, packed for it. Overlapping ones and those within 50 ms of them on their key come first; of the rest every n-th. */
export function drawnHolds(holds: Holds, serverNames: readonly string[]): DrawnHolds {
  const servers = serverIndex(holds, serverNames)
  const overlapsOf = new Int32Array(holds.keys.length)
  const holdsOfKey = new Int32Array(holds.keys.length)
  for (let i = 0; i < holds.size; i++) holdsOfKey[holds.keyOf[i]!]!++
  const around: Window[][] = holds.keys.map(() => [])
  let pairs = 0
  overlappingPairs(holds, (first, second) => {
    const key = holds.keyOf[second]!
    overlapsOf[key]!++
    pairs++
    extend(
      around[key]!,
      holds.startNs[first]! - aroundNs,
      Math.max(holds.endNs[first]!, holds.endNs[second]!) + aroundNs,
    )
  })

  const numberOf = choose(holds, around)
  const packed = packHolds(holds, numberOf, servers)
  const overlaps = packPairs(holds, numberOf)
  return {
    servers: [...servers.keys()],
    keys: holds.keys.map((name, key) => ({ name, holds: holdsOfKey[key]!, overlaps: overlapsOf[key]! })),
    holds: { ...packed, of: holds.size },
    overlaps: { ...overlaps, of: pairs },
    numberOf,
    around,
  }
}

function serverIndex(holds: Holds, names: readonly string[]): Map<string, number> {
  const found = new Set(names)
  for (let i = 0; i < holds.size; i++) found.add(serverOfHold(holds, i))
  const sorted = [...found].toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  return new Map(sorted.map((name, index) => [name, index]))
}

function extend(windows: Window[], fromNs: number, toNs: number): void {
  const last = windows.at(-1)
  if (last === undefined || fromNs > last.toNs) windows.push({ fromNs, toNs })
  else if (toNs > last.toNs) last.toNs = toNs
}

function choose(holds: Holds, around: readonly Window[][]): Int32Array {
  const { size, keyOf, startNs, endNs } = holds
  const numberOf = new Int32Array(size).fill(-1)
  if (size <= holdsMax) return numberOf.map((_, i) => i)
  const next = new Int32Array(holds.keys.length)
  const chosen = new Uint8Array(size)
  let count = 0
  for (let i = 0; i < size && count < violatingMax; i++) {
    const windows = around[keyOf[i]!]!
    while (next[keyOf[i]!]! < windows.length && windows[next[keyOf[i]!]!]!.toNs < startNs[i]!) next[keyOf[i]!]!++
    const window = windows[next[keyOf[i]!]!]
    if (window === undefined || endNs[i]! < window.fromNs) continue
    chosen[i] = 1
    count++
  }
  const every = Math.ceil((size - count) / Math.max(1, holdsMax - count))
  let number = 0
  for (let i = 0, passed = 0; i < size; i++) {
    if (chosen[i] === 0 && (count >= holdsMax || passed++ % every !== 0)) continue
    numberOf[i] = number++
  }
  return numberOf
}

const us = (ns: number) => Math.max(0, Math.round(ns / 1000))

function packHolds(holds: Holds, numberOf: Int32Array, servers: ReadonlyMap<string, number>) {
  const packer = new Packer()
  const lastOp = new Map<string, number>()
  let last = 0
  let count = 0
  for (let i = 0; i < holds.size; i++) {
    if (numberOf[i] === -1) continue
    const { server, op, invokeNs } = holdAt(holds, i)
    const start = us(holds.startNs[i]!)
    packer.add(start - last)
    packer.add(Math.max(0, us(holds.endNs[i]!) - start))
    packer.add(Math.max(0, start - us(invokeNs)))
    packer.add(holds.keyOf[i]! * servers.size + servers.get(server)!)
    packer.addSigned(op - (lastOp.get(server) ?? 0))
    lastOp.set(server, op)
    last = start
    count++
  }
  return { count, packed: packer.text() }
}

function packPairs(holds: Holds, numberOf: Int32Array) {
  const packer = new Packer()
  let last = 0
  let count = 0
  overlappingPairs(holds, (first, second) => {
    const [earlier, later] = [numberOf[first]!, numberOf[second]!]
    if (earlier === -1 || later === -1 || count >= violatingMax) return
    packer.add(later - last)
    packer.addSigned(later - earlier)
    last = later
    count++
  })
  return { count, packed: packer.text() }
}

/** By token, the hold that it was given for; only those that tell one from the other. */
export function holdsByToken(holds: Holds): Map<string, number> {
  const byToken = new Map<string, number>()
  const table = tableOf(holds.events)
  for (let i = 0; i < holds.size; i++) {
    const { token } = table.rest(holds.okAt[i]!)
    if (token) byToken.set(token, byToken.has(token) ? -1 : i)
  }
  return byToken
}
