import type { Redis } from 'ioredis'
import type { NodeHandle } from '../runtimes/runtime.ts'

/**
 * Changes settings of a running Redis, in the order given, and knows the way back: the result restores what was there before, in the opposite order. A node that
 * died meanwhile has forgotten them by itself.
 */
export async function changeSettings(
  node: NodeHandle,
  admin: Redis,
  settings: Record<string, string>,
): Promise<() => Promise<void>> {
  const pid = node.pid
  const before: [name: string, value: string][] = []
  for (const name of Object.keys(settings)) before.push([name, await settingOf(admin, name)])
  const restore = async () => {
    if (node.pid !== pid) return
    for (const [name, value] of before.toReversed()) await admin.config('SET', name, value)
  }
  try {
    for (const [name, value] of Object.entries(settings)) await admin.config('SET', name, value)
  } catch (error) {
    await restore().catch(() => {})
    throw error
  }
  return restore
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
