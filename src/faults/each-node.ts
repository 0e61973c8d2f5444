import type { NodeHandle } from '../runtimes/runtime.ts'
import type { Injection, Target } from './fault.ts'

/**
 * Injects into every node of the target and joins the proofs; it landed where it landed on all of them. A node that is not up takes no
 * fault: it says so, and is left alone. Where one injection throws, the others are healed again.
 */
export async function eachNode(target: Target, inject: (node: NodeHandle) => Promise<Injection>): Promise<Injection> {
  const settled = await Promise.allSettled(target.nodes.map((node) => injectIfUp(node, inject)))
  const injections = settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const heal = async () => {
    const healed = await Promise.allSettled(injections.map((injection) => injection.heal()))
    const failed = healed.find((result) => result.status === 'rejected')
    if (failed) throw failed.reason
  }
  const failed = settled.find((result) => result.status === 'rejected')
  if (failed) {
    await heal().catch(() => {})
    throw failed.reason
  }
  const felt = injections.flatMap(({ feltNs }) => feltNs ?? [])
  return {
    ...(felt.length > 0 && { feltNs: Math.min(...felt) }),
    landed: injections.length > 0 && injections.every(({ landed }) => landed),
    proof: injections.map(({ proof }) => proof).join('; '),
    heal,
  }
}

async function injectIfUp(node: NodeHandle, inject: (node: NodeHandle) => Promise<Injection>): Promise<Injection> {
  const state = await node.state()
  if (state === 'up') return inject(node)
  return { landed: false, proof: `${node.name} is ${state}`, heal: async () => {} }
}
