import type { Entry, Kind } from './entries.ts'
import { entries } from './entries.ts'
import { thresholdSyntax } from './words.ts'

/** docs/reference.md: everything that has a name, made from the registries that run. */
export function referencePage(): string {
  const byKind = Map.groupBy(entries(), ({ kind }) => kind)
  const of = (kind: Kind) => byKind.get(kind) ?? []
  return `${[
    '# Reference',
    'Made from the registries; `npx vitest run src/reference -u` writes it anew. `picklock explain <name>` tells the same of one of them.',
    section('Verdicts', titled(of('verdict'))),
    section('Exit codes', [
      'Of several drills the first of 3, 1, 4, 99 that occurred.',
      table(
        ['code', 'is', ''],
        of('exit code').map(({ name, title, text }) => [name, title, text.join(' ')]),
      ),
    ]),
    section('Metrics', [
      'safety: what must not happen; latency: a distribution, in ms; service: how well it went otherwise.',
      table(
        ['metric', 'kind', 'unit', 'thresholds on', ''],
        of('metric').map(({ name, title, facts }) => {
          const fact = (wanted: string) => facts.find(([each]) => each === wanted)?.[1] ?? ''
          return [`\`${name}\``, fact('kind'), fact('unit'), fact('thresholds on'), title]
        }),
      ),
    ]),
    section('Blame', ['Of an overlap, by what became of the first holder’s key on its node.', ...titled(of('blame'))]),
    section('Thresholds', [
      `As in k6: a word of the metric, one of ${thresholdSyntax.comparisons.map((each) => `\`${each}\``).join(' ')}, a number. In a scenario's \`thresholds\`, a list for each metric.`,
      table(
        ['', ''],
        thresholdSyntax.examples.map(([code, what]) => [`\`${code}\``, what]),
      ),
    ]),
    section('Checkers', [
      table(
        ['checker', 'counts', ''],
        of('checker').map(({ name, title, facts }) => [name, facts[0]![1], title]),
      ),
    ]),
    section('Topologies', [list(of('topology'))]),
    section('Workloads', of('workload').flatMap(whole)),
    section('Loads', ['Who makes the load: `--load`.', ...of('load').flatMap(whole)]),
    section('Faults', [
      'Every fault has `fault`, `target`, `at` or `when` and `after`, and `for` besides what stands here. Each proves that it landed, and heals.',
      ...of('fault').flatMap(whole),
    ]),
    section('Scenarios', of('scenario').flatMap(whole)),
    section('Locks', [
      table(
        ['lock', '', ''],
        of('lock').map(({ name, title, facts }) => [
          `\`${name}\``,
          title,
          facts
            .filter(([fact]) => fact !== 'is')
            .map(([fact, value]) => `${fact} ${value}`)
            .join('; '),
        ]),
      ),
    ]),
    section('Counter-measures', [
      'Each is run as a variant of the incident’s drill: `picklock incident new`.',
      ...of('counter-measure').flatMap(whole),
    ]),
    section('Report formats', [
      table(
        ['format', 'file', 'written by', ''],
        of('format').map(({ name, title, facts }) => [name, facts[0]![1], facts[1]![1], title]),
      ),
    ]),
    section('Checks of an audit', [
      'What `picklock audit` looks for on a live Redis. Exit code 1 for a finding of high severity, 99 for one of medium, 3 where something could not be read.',
      ...of('audit check').flatMap(whole),
    ]),
    section('Patterns of locks', [
      'How `picklock analyze` recognises a lock in a capture of MONITOR, the libraries first. `certain`: by a script of its own; `likely`: by what was done; what is only possible is listed as a mark, and no lock.',
      ...of('lock pattern').flatMap(whole),
    ]),
  ].join('\n\n')}\n`
}

const section = (title: string, blocks: readonly string[]) => [`## ${title}`, ...blocks].join('\n\n')

const list = (some: readonly Entry[]) => some.map(({ name, title }) => `- \`${name}\`: ${title}`).join('\n')

const titled = (some: readonly Entry[]) =>
  some.map(({ name, title, text }) => `**${name}**: ${title}. ${text.join(' ')}`)

function whole({ name, title, text, facts, parameters }: Entry): string[] {
  return [
    `### ${name}`,
    `${title}.`.replace(/\.\.$/, '.'),
    ...text,
    facts.map(([fact, value]) => `- ${fact}: ${value}`).join('\n'),
    table(
      ['parameter', 'is', 'default'],
      parameters.map((each) => [`\`${each.name}\``, each.type, each.default ?? 'must be given']),
    ),
  ].filter(Boolean)
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return ''
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), `|${head.map(() => ' --- |').join('')}`, ...rows.map(line)].join('\n')
}
