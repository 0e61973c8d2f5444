import type { Surroundings } from './tools.mjs'

export interface Machine extends Surroundings {
  folder: string
  arch: string
  isRoot: boolean
  nodeVersion: string
  nodePath: string
  say(text: string): void
  run(
    command: string,
    args: string[],
    options?: { cwd?: string; env?: NodeJS.ProcessEnv; timeoutMs?: number },
  ): Promise<{ code: number; output: string }>
}
export interface Part {
  name: string
  present(machine: Machine): boolean
  obstacle(machine: Machine): string | undefined | Promise<string | undefined>
  obtain(machine: Machine): Promise<void>
}
export const parts: Record<'node' | 'dependencies' | 'redis' | 'toxiproxy' | 'k6', Part>
export const all: Part[]
export function bootstrap(machine: Machine, wanted?: Part[]): Promise<void>
export function missing(machine: Machine, wanted?: Part[]): Part[]
