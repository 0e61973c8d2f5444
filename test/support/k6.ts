import { describe } from 'vitest'
import { thisMachine } from '../../scripts/machine.mjs'
import { finders, hint } from '../../scripts/tools.mjs'

const machine = thisMachine()
const there = finders.k6(machine) !== undefined
if (!there) console.warn(`SKIPPED: all tests of this file need k6. ${hint('k6', machine)}`)

/** Tests with the real k6. `npm test` builds it where it can; where it cannot be had they are skipped, and counted as that. */
export const describeWithK6 = describe.skipIf(!there)
