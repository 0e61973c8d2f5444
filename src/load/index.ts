import { builtin } from './builtin.ts'
import { k6 } from './k6.ts'
import type { LoadDriver } from './load.ts'

/** Who can drive the load, by the name that `--load` takes. */
export const loadDrivers = { builtin, k6 } satisfies Record<string, LoadDriver>
export type LoadDriverName = keyof typeof loadDrivers
