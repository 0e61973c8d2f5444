import type { Machine } from './bootstrap.mjs'

export function thisMachine(): Machine
export class SetupError extends Error {
  exitCode: 3
}
