import type { Halt, Injection, ServerHandle, Target } from './fault.ts'

type Halted = Extract<Halt, { halted: true }>

/** What a fault does to each server of its target. */
interface Blow {
  strike(server: ServerHandle, whileHolding: boolean): Promise<Halt>
  /** What an onlooker sees of it. */
  seen(server: ServerHandle, halt: Halted): Promise<{ seen: boolean; text: string }>
  undo(server: ServerHandle): Promise<void>
}

/** Strikes all servers of a target at once. Landed where it is seen on every one; what was struck is healed in any case. */
export async function atServers(
  { servers, whileHolding = false }: Target,
  { strike, seen, undo }: Blow,
): Promise<Injection> {
  const struck: ServerHandle[] = []
  const heal = async () => {
    await Promise.all(struck.map((server) => undo(server)))
  }
  const looks = await Promise.allSettled(
    servers.map(async (server) => {
      const halt = await strike(server, whileHolding)
      if (!halt.halted) return { seen: false, text: halt.why }
      struck.push(server)
      return seen(server, halt)
    }),
  )
  const failed = looks.find((look) => look.status === 'rejected')
  if (failed) {
    await heal()
    throw failed.reason
  }
  const fulfilled = looks.flatMap((look) => (look.status === 'fulfilled' ? [look.value] : []))
  return {
    landed: fulfilled.length > 0 && fulfilled.every((look) => look.seen),
    proof: fulfilled.map(({ text }) => text).join('; '),
    heal,
  }
}

/** ` while it held stock:7 and 2 more`, or nothing. */
export function heldText({ holding }: Halted): string {
  if (holding.length === 0) return ''
  return ` while it held ${holding[0]}${holding.length > 1 ? ` and ${holding.length - 1} more` : ''}`
}
