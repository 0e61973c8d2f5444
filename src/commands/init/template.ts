import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LockDescription } from '../../server/messages.ts'
import { fullDefault, quickDefault } from '../gate/config.ts'

const schemaFile = fileURLToPath(new URL('../../../schema/picklock.json', import.meta.url))

export interface Findings {
  lock: { use: string } & Pick<LockDescription, 'topologies'>
  /** Other locks of the project. */
  others: readonly string[]
  /** The branch whose version of the lock is the baseline; undefined where there is none. */
  ref: string | undefined
  /** The folder in which the file will be. */
  folder: string
}

/** A picklock.yaml for this project, with what each part is for. */
export function template({ lock, others, ref, folder }: Findings): string {
  const scenarios = fullDefault().filter(({ topologies }) => topologies.some((kind) => lock.topologies.includes(kind)))
  return `# yaml-language-server: $schema=${relative(folder, schemaFile)}
# What \`picklock gate\` runs before a change of the lock may pass. Only \`lock\` must be here.

# A module, a lock of Picklock's (picklock list locks), or stdio:<command>. With options: { use: ./lock.ts, options: { retryMs: 20 } }
lock: ${scalar(lock.use)}
${others.map((other) => `# found too: ${other}\n`).join('')}
# Each runs beside its control, a lock that it has to catch. All there are: picklock list scenarios
# A changed one: { scenario: oversell, topologies: [single], set: { load.duration: 20s } }
scenarios:
${scenarios.map(({ scenario }) => `  - ${scenario}`).join('\n')}

# Where they run; without it each on the first of its topologies that the lock is made for (${lock.topologies.join(', ')}).
# topologies: [${lock.topologies.join(', ')}]

# Thresholds of latency and service beside the scenarios' own, as k6 writes them. Crossed: exit code 99.
# budgets:
#   acquire_wait: ['p(99)<2000']

# Its latency is compared with this one's, turn by turn on this machine, never with numbers of another day.
${ref === undefined ? '# baseline: { ref: main } # the same file on a branch; or another lock' : `baseline: { ref: ${scalar(ref)} } # the same file there; or another lock`}

# Slower by less than both, and nobody cares.
compare: { slowerByPercent: 10, slowerByMs: 0.05 }

# What \`picklock gate --quick\` runs, in a minute at most.
quick: [${quickDefault.join(', ')}]
`
}

/** As YAML has it: bare where that reads as the same text. */
const scalar = (text: string) => (/^[\w./@][\w./@ -]*$/.test(text) ? text : `'${text.replaceAll("'", "''")}'`)
