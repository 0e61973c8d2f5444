export interface Surroundings {
  env: NodeJS.ProcessEnv
  cache: string
  platform: NodeJS.Platform
}
export type ServerProgram = 'redis-server' | 'toxiproxy-server' | 'k6'
export const finders: Record<ServerProgram, (machine: Surroundings) => string | undefined>
export function hint(name: ServerProgram, machine: Surroundings): string
export function findOnPath(name: string, env: NodeJS.ProcessEnv): string | undefined
export function isExecutable(file: string): boolean
