export const home: string
export function isClone(folder: string): boolean
export function cacheFolder(folder?: string, env?: NodeJS.ProcessEnv): string
export function cacheHint(cache: string, error: NodeJS.ErrnoException): string
