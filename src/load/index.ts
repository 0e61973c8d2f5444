import { builtin } from './builtin.ts'
import type { LoadDriver } from './load.ts'

/** Who can drive the load, by the name that `--load` takes. */
export const loadDrivers = { builtin } satisfies Record<string, LoadDriver>
