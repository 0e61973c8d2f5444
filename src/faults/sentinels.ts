import type { Stage } from './fault.ts'

/** What one Sentinel says of the primary: `name`, `ip`, `port`, `flags` and the rest of SENTINEL MASTERS; empty where it does not answer. */
export type MasterSeen = Record<string, string>

/** Every Sentinel's word on the primary, in the order of the Sentinels. */
export function mastersSeen({ cluster }: Pick<Stage, 'cluster'>): Promise<MasterSeen[]> {
  return Promise.all(
    cluster.sentinels.map(({ name }) =>
      cluster
        .admin(name)
        .call('SENTINEL', 'MASTERS')
        .then(
          (masters) => fields((masters as unknown[][])[0] ?? []),
          () => ({}),
        ),
    ),
  )
}

/** `master`, `slave`, or why the node does not say. */
export async function roleOf({ cluster }: Pick<Stage, 'cluster'>, node: string): Promise<string> {
  return cluster
    .admin(node)
    .call('ROLE')
    .then(
      (answer) => String((answer as unknown[])[0]),
      (error: Error) => error.message,
    )
}

/** Whether a replica's link to its primary stands. Rejects where the node does not answer. */
export async function follows({ cluster }: Pick<Stage, 'cluster'>, node: string): Promise<boolean> {
  const info = await cluster.admin(node).info('replication')
  return /role:slave/.test(info) && /master_link_status:up/.test(info)
}

/** `[name, value, name, value …]` → an object. */
function fields(flat: unknown[]): Record<string, string> {
  const list = flat.map(String)
  return Object.fromEntries(list.flatMap((name, index) => (index % 2 === 0 ? [[name, list[index + 1] ?? '']] : [])))
}
