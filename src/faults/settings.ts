import type { Redis } from 'ioredis'
import type { NodeHandle } from '../runtimes/runtime.ts'
import { insist } from './poll.ts'

/** What faults have made of one setting of one process: the last one that is still on is what holds. */
interface Layers {
  pid: number | undefined
  /** What was there before all of them. */
  original: Promise<string>
  values: { value: string }[]
}

const changed = new WeakMap<NodeHandle, Map<string, Layers>>()

/**
 * Changes settings of a running Redis, in the order given, and knows the way back: the result restores what was there before, in the opposite order, or leaves
 * what another fault wants that came later. A node that died meanwhile has forgotten them by itself; one that another fault keeps busy
 * is asked again.
 */
export async function changeSettings(
  node: NodeHandle,
  admin: Redis,
  settings: Record<string, string>,
): Promise<() => Promise<void>> {
  const { pid } = node
  const mine: { name: string; layers: Layers; own: { value: string } }[] = []
  for (const [name, value] of Object.entries(settings)) {
    const layers = layersOf(node, admin, name)
    await layers.original
    mine.push({ name, layers, own: { value } })
  }
  const restore = () => {
    for (const { layers, own } of mine) layers.values = layers.values.filter((each) => each !== own)
    return insist(async () => {
      if (node.pid !== pid) return
      for (const { name, layers } of mine.toReversed())
        await admin.config('SET', name, layers.values.at(-1)?.value ?? (await layers.original))
    })
  }
  try {
    for (const { name, layers, own } of mine) {
      layers.values.push(own)
      await admin.config('SET', name, own.value)
    }
  } catch (error) {
    await restore().catch(() => {})
    throw error
  }
  return restore
}

function layersOf(node: NodeHandle, admin: Redis, name: string): Layers {
  const known = changed.get(node) ?? new Map<string, Layers>()
  changed.set(node, known)
  const present = known.get(name)
  if (present && present.pid === node.pid && present.values.length > 0) return present
  const layers: Layers = { pid: node.pid, original: settingOf(admin, name), values: [] }
  known.set(name, layers)
  return layers
}

export async function settingOf(admin: Redis, name: string): Promise<string> {
  const answer = await admin.config('GET', name)
  return Array.isArray(answer) ? String(answer[1] ?? '') : ''
}

/** A number of INFO, such as `evicted_keys`. */
export async function infoNumber(admin: Redis, section: string, field: string): Promise<number> {
  const line = new RegExp(`^${field}:(\\d+)`, 'm').exec(await admin.info(section))?.[1]
  if (line === undefined) throw new Error(`INFO ${section} does not tell ${field}`)
  return Number(line)
}
