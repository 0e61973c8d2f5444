import { Argument, Command, Option } from '@commander-js/extra-typings'
import { checkers } from '../checkers/index.ts'
import { faults } from '../faults/index.ts'
import type { Fault } from '../faults/fault.ts'
import { UsageError } from '../lib/failure.ts'
import { suggest } from '../lib/nearest.ts'
import { loadDrivers } from '../load/index.ts'
import { locks } from '../locks/index.ts'
import { loadScenario, scenarioNames, scenariosFolder, topologiesOf } from '../plan/index.ts'
import { topologies } from '../topologies/index.ts'
import { workloads } from '../workloads/index.ts'
import { examples, exits } from './command.ts'

/** One line of a list: what a person types, what it is, and what else the JSON tells. */
interface Entry {
  name: string
  title: string
  /** Beside the name in the text table: where it runs, what it acts on. */
  note?: string
  [more: string]: unknown
}

/** From the registries that run: there is no second list. */
const lists = {
  scenarios: () =>
    scenarioNames().map((name) => {
      const { scenario } = loadScenario(name, { cwd: scenariosFolder })
      const kinds = topologiesOf(scenario)
      return {
        name,
        title: scenario.title,
        note: kinds.join(' '),
        topologies: kinds,
        control: scenario.control,
        story: scenario.story,
      }
    }),
  locks: () => entries(locks),
  faults: () =>
    entries(faults as Record<string, Fault>).map((entry) => {
      const { group, defaultTarget, docs } = (faults as Record<string, Fault>)[entry.name]!
      return { ...entry, note: `on ${group}`, group, defaultTarget, docs }
    }),
  topologies: () => entries(topologies),
  workloads: () => entries(workloads),
  loads: () => entries(loadDrivers),
  checkers: () => entries(checkers),
} satisfies Record<string, () => Entry[]>

const kinds = Object.keys(lists) as (keyof typeof lists)[]

export function listCommand() {
  return new Command('list')
    .description('What there is: scenarios, locks, faults, topologies, workloads, loads and checkers.')
    .addArgument(new Argument('[what]', kinds.join(', ')))
    .addOption(new Option('--format <format>', 'how to print it').choices(['text', 'json']).default('text'))
    .addHelpText(
      'after',
      examples({
        'picklock list': 'everything',
        'picklock list faults': 'the faults and what they act on',
        'picklock list scenarios --format json': 'for programs: with stories, topologies and controls',
      }),
    )
    .action(
      exits((what, { format }) => {
        if (what !== undefined && !isKind(what))
          throw new UsageError(`there is no list of ${what}; ${suggest(what, kinds)}`)
        const chosen = what === undefined ? kinds : [what]
        const listed = Object.fromEntries(chosen.map((kind) => [kind, lists[kind]() as Entry[]]))
        if (format === 'json') {
          const data = what === undefined ? listed : listed[what]
          process.stdout.write(
            `${JSON.stringify(data, (key, value: unknown) => (key === 'note' ? undefined : value), 2)}\n`,
          )
        } else {
          process.stdout.write(
            Object.entries(listed)
              .map(([kind, some]) => table(kind, some))
              .join('\n'),
          )
        }
        return 0
      }),
    )
}

function isKind(what: string): what is keyof typeof lists {
  return Object.hasOwn(lists, what)
}

function entries(registry: Record<string, { title: string }>): Entry[] {
  return Object.entries(registry).map(([name, { title }]) => ({ name, title }))
}

function table(kind: string, some: Entry[]): string {
  const nameWidth = Math.max(...some.map(({ name }) => name.length))
  const noteWidth = Math.max(...some.map(({ note = '' }) => note.length))
  const lines = some.map(({ name, note = '', title }) =>
    `  ${name.padEnd(nameWidth)}  ${noteWidth > 0 ? `${note.padEnd(noteWidth)}  ` : ''}${title}`.trimEnd(),
  )
  return `${kind}\n${lines.join('\n')}\n`
}
