import type { Machine } from './bootstrap.mjs'

export function runTests(
  machine: Machine,
  args: string[],
  output?: 'inherit' | 'ignore',
): Promise<{ passed: number; failed: number; skipped: number; reasons: Record<string, number> }>
