import type { Figures } from './figures.ts'

interface Column {
  cell(figures: Figures): string
  /** What the reference lock has to reach. */
  target?: string
  /** Aligned to the left. */
  text?: true
}

interface Table {
  title: string
  /** A lock has a row if it has this part. */
  part: 'contended' | 'uncontended' | 'quorum' | 'asymmetric'
  columns: Record<string, Column>
}

const fixed = (value: number | undefined, digits: number) => {
  if (value === undefined || Number.isNaN(value)) return '-'
  return value === Infinity ? 'never' : value.toFixed(digits)
}

const tables: Table[] = [
  {
    title: 'contended: everybody waits for one key',
    part: 'contended',
    columns: {
      'waits by': { cell: ({ waits }) => waits, text: true },
      'requests/grant': { cell: ({ contended }) => fixed(contended?.requestsPerGrant, 2), target: '≤ 1.2' },
      'no releases': { cell: ({ contended }) => fixed(contended?.requestsButReleases, 2) },
      'of serial limit': { cell: ({ contended }) => fixed(contended?.serialShare, 3), target: '≥ 0.97' },
      'hand-over p50': { cell: ({ contended }) => `${fixed(contended?.handOverPings.p50, 1)} ×`, target: '≤ 3 ×' },
      p99: { cell: ({ contended }) => `${fixed(contended?.handOverPings.p99, 1)} ×`, target: '≤ 15 ×' },
      'p50 rested': { cell: ({ contended }) => `${fixed(contended?.handOverRestedPings.p50, 1)} ×` },
      'p99 rested': { cell: ({ contended }) => `${fixed(contended?.handOverRestedPings.p99, 1)} ×` },
      'PING ms': { cell: ({ contended }) => fixed(contended?.pingMs, 3) },
      'p50 ms': { cell: ({ contended }) => fixed(contended?.handOverP50Ms, 3) },
      'p99 ms': { cell: ({ contended }) => fixed(contended?.handOverP99Ms, 3) },
      fairness: { cell: ({ contended }) => fixed(contended?.fairness, 3), target: '≥ 0.95' },
      grants: { cell: ({ contended }) => fixed(contended?.grants, 0) },
      'hold ms': { cell: ({ contended }) => fixed(contended?.holdMs, 2) },
      wrong: { cell: ({ contended }) => wrong(contended), target: '0' },
    },
  },
  {
    title: 'uncontended: cycles of one process, 1 and 16 at once, each on a key of its own',
    part: 'uncontended',
    columns: {
      sends: {
        cell: ({ uncontended }) => `${uncontended?.acquire.join(' ')} + ${uncontended?.release.join(' ')}`,
        text: true,
      },
      commands: { cell: ({ uncontended }) => fixed(uncontended?.commands, 0), target: '≤ 2' },
      ...lanes('1'),
      ...lanes('16'),
    },
  },
  {
    title: 'quorum: the same work on three nodes',
    part: 'quorum',
    columns: {
      'of serial limit': { cell: ({ quorum }) => fixed(quorum?.serialShare, 3), target: '≥ 0.8' },
      'hand-over p50 ms': { cell: ({ quorum }) => fixed(quorum?.handOverP50Ms, 2) },
      'p99 ms': { cell: ({ quorum }) => fixed(quorum?.handOverP99Ms, 2) },
      fairness: { cell: ({ quorum }) => fixed(quorum?.fairness, 3) },
      grants: { cell: ({ quorum }) => fixed(quorum?.grants, 0) },
      'hold ms': { cell: ({ quorum }) => fixed(quorum?.holdMs, 2) },
      wrong: { cell: ({ quorum }) => wrong(quorum), target: '0' },
    },
  },
  {
    title: 'quorum: three clients ask at once, each nearest to its own node; ms until all have had it',
    part: 'asymmetric',
    columns: {
      median: { cell: ({ asymmetric }) => fixed(asymmetric?.medianMs, 0) },
      worst: { cell: ({ asymmetric }) => fixed(asymmetric?.maxMs, 0), target: '≤ 500' },
      starts: { cell: ({ asymmetric }) => fixed(asymmetric?.starts, 0) },
    },
  },
]

const wrong = (run: { overlaps: number; lostUpdates: number } | undefined) =>
  fixed(run && run.overlaps + run.lostUpdates, 0)

function lanes(count: string): Record<string, Column> {
  const of = ({ uncontended }: Figures) => uncontended?.lanes[count]
  return {
    [`cycles/s (${count})`]: { cell: (figures) => fixed(of(figures)?.perSecond, 0) },
    [`× own (${count})`]: { cell: (figures) => fixed(of(figures)?.toReplayed, 2), target: '≥ 0.95' },
    [`× plain (${count})`]: { cell: (figures) => fixed(of(figures)?.toPlain, 2) },
    [`× bare (${count})`]: { cell: (figures) => fixed(of(figures)?.toBare, 2) },
  }
}

/** All tables that have a row, as text for a terminal, and why rows are missing. */
export function render(locks: Record<string, Figures>): string {
  const failures = Object.entries(locks).flatMap(([name, lock]) =>
    lock.failures.map((failure) => `${name}: ${failure}`),
  )
  return [...tables.map((table) => rendered(table, locks)), failures.join('\n')].filter(Boolean).join('\n\n')
}

function rendered({ title, part, columns }: Table, locks: Record<string, Figures>): string {
  const rows = Object.entries(locks).filter(([, figures]) => figures[part])
  if (rows.length === 0) return ''
  const heads = Object.entries(columns)
  const lines = [
    ['', ...heads.map(([head]) => head)],
    ...rows.map(([name, figures]) => [name, ...heads.map(([, { cell }]) => cell(figures))]),
    ['target', ...heads.map(([, { target }]) => target ?? '')],
  ]
  const isText = [true, ...heads.map(([, { text }]) => text === true)]
  return `${title}\n${aligned(lines, isText)}`
}

function aligned(lines: string[][], isText: boolean[]): string {
  const widths = isText.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)))
  const pad = (cell: string, at: number) => (isText[at] ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))
  return lines.map((line) => line.map(pad).join('  ').trimEnd()).join('\n')
}
