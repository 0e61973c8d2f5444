import { jittered } from './lease.ts'
import type { Turn } from './strategy.ts'

/** After the first node's word the others' follow within a round trip, or not at all. */
const restMs = 8

/**
 * Gathers what the nodes of a quorum tell: it is our turn when a majority says so. The lines of the nodes may differ, and then none says
 * so; the word of one counts a little later.
 */
export function turnsOf(majority: number, turn: Turn): { told(node: number, key?: string): void } {
  const pending = new Map<string, { nodes: Set<number>; timer: NodeJS.Timeout }>()

  const fire = (key: string) => {
    clearTimeout(pending.get(key)?.timer)
    pending.delete(key)
    turn(key)
  }

  return {
    told(node, key) {
      if (key === undefined) return turn()
      let told = pending.get(key)
      if (!told) pending.set(key, (told = { nodes: new Set(), timer: setTimeout(fire, jittered(restMs), key) }))
      told.nodes.add(node)
      if (told.nodes.size >= majority) fire(key)
    },
  }
}
