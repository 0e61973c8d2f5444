import type { Part } from './bootstrap.mjs'
import type { Surroundings } from './tools.mjs'

export function findChromium(machine: Pick<Surroundings, 'env' | 'platform'>): string | undefined
export const chromium: Part
