/** Where a Docker engine answers, as plain data that can be told to another process. */
export type EngineAddress =
  | { socketPath: string }
  | { host: string; port: number; protocol: 'http' | 'https'; ca?: string; cert?: string; key?: string }

/** By this label everything of a drill is found again; its value is the drill's id (`Children.id`). */
export const drillLabel: string

/**
 * Removes the containers with their volumes, then the networks and volumes of one drill. Resolves to how many there were: 0 where all is gone.
 * Rejects where the engine does not answer.
 */
export function sweepOnce(engine: EngineAddress, id: string): Promise<number>
