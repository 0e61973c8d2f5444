import { Command } from '@commander-js/extra-typings'
import { UsageError } from '../lib/failure.ts'
import { nearest } from '../lib/nearest.ts'
import { entries, type Entry } from '../reference/entries.ts'
import { thresholdSyntax } from '../reference/words.ts'
import { wrap } from '../reporters/text.ts'
import { examples, exits } from './command.ts'

const columnsDefault = 100
const columnsMax = 110

export function explainCommand() {
  return new Command('explain')
    .description(
      'What a word of a report means: a metric, a fault, a scenario, a lock, a verdict, a blame, an exit code.',
    )
    .argument('<word...>', 'as it stands in the report: overlaps, primary-kill, holder, 4')
    .addHelpText(
      'after',
      examples({
        'picklock explain overlaps': 'what is counted',
        'picklock explain 99': 'an exit code',
        'picklock explain kill': 'a fault, with its parameters',
        'picklock explain thresholds': 'how they are written',
      }),
    )
    .action(
      exits((words) => {
        const width = Math.min(process.stdout.columns ?? columnsDefault, columnsMax)
        const told = explain(words.join(' '), width)
        process.stdout.write(`\n${told.map((paragraphs) => print(paragraphs, width)).join('\n')}\n`)
        return 0
      }),
    )
}

/** Lines that stay as they are begin with a space; the others are wrapped. */
function explain(asked: string, width: number): string[][] {
  const word = asked
    .trim()
    .replace(/^exit( code)? /, '')
    // `overlaps{blame:holder}` is the metric, and the blame.
    .replace(/[{}]/g, ' ')
  if (/^thresholds?$/.test(word)) return [thresholds()]
  const all = entries()
  const parts = word.split(' ').map((part) => part.replace(/^blame:/, '').replace(/\.yaml$/, ''))
  const found = all.filter(({ name }) => parts.some((part) => part.toLowerCase() === name.toLowerCase()))
  if (found.length > 0) return found.map((entry) => describe(entry, width))
  const names = [...new Set(all.map(({ name }) => name)), 'thresholds']
  const near = nearest(asked, names)
  throw new UsageError(
    `there is nothing called ${asked}; ${near === undefined ? 'picklock list shows what there is, docs/reference.md all of it' : `did you mean ${near}?`}`,
  )
}

function describe({ kind, name, title, text, facts, parameters }: Entry, width: number): string[] {
  return [
    `${name}, ${/^[aeiou]/.test(kind) ? 'an' : 'a'} ${kind}`,
    title,
    ...text,
    ...(facts.length > 0 ? [block(facts, width)] : []),
    ...(parameters.length > 0
      ? [
          block(
            parameters.map((each) => [each.name, `${each.type} (${each.default ?? 'must be given'})`] as const),
            width,
          ),
        ]
      : []),
  ]
}

function thresholds(): string[] {
  return [
    'thresholds',
    `As in k6: a word of the metric (count, rate, value, avg, min, med, max, p(N)), one of ${thresholdSyntax.comparisons.join(' ')}, a number. Every safety metric defaults to count==0.`,
    thresholdSyntax.examples.map(([code, what]) => `  ${code}\n      ${what}`).join('\n'),
  ]
}

/** Names and values side by side; what is too long goes on below itself. */
function block(rows: readonly (readonly [string, string])[], width: number): string {
  const nameWidth = Math.max(...rows.map(([name]) => name.length))
  const indent = ' '.repeat(nameWidth + 4)
  return rows
    .map(([name, value]) => {
      const lines = wrap(value, Math.max(20, width - indent.length))
      return `  ${name.padEnd(nameWidth)}  ${lines.join(`\n${indent}`)}`
    })
    .join('\n')
}

const print = ([head, ...paragraphs]: string[], width: number) =>
  `${head}\n\n${paragraphs
    .map((text) =>
      text.startsWith(' ')
        ? text
        : wrap(text.replaceAll('`', ''), width - 2)
            .map((line) => `  ${line}`)
            .join('\n'),
    )
    .join('\n\n')}\n`
