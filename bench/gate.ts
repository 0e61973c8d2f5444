/**
 * Whether a gate can be trusted on a busy machine: see bench/README.md. Runs `picklock gate` again and again, each as a process of its own, and
 * writes a line of JSON after each; started again, it goes on where the file ends.
 *
 *   node bench/gate.ts [--gates 100] [--series same,slower,unsafe] [--busy 1] [--out bench/results/gate.jsonl] [--share 0.2] [--unsafe hands-over-too-early]
 */
import { execFile } from 'node:child_process'
import { appendFileSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { gateResult, type GateResult } from '../src/commands/gate/result.ts'
import { Children } from '../src/lib/children.ts'

const { values } = parseArgs({
  options: {
    gates: { type: 'string', default: '100' },
    series: { type: 'string', default: 'same,slower,unsafe' },
    busy: { type: 'string', default: '1' },
    out: { type: 'string', default: 'bench/results/gate.jsonl' },
    share: { type: 'string', default: '0.2' },
    unsafe: { type: 'string', default: 'hands-over-too-early' },
    slices: { type: 'string', default: '26' },
    'slice-ms': { type: 'string', default: '200' },
  },
})
const cli = resolve(import.meta.dirname, '../src/cli.ts')
const slower = resolve(import.meta.dirname, 'gate/slower.ts')
const gateMaxMs = 300_000

/** The lock under test of each series; the baseline is always the reference lock. */
const series: Record<string, string> = {
  same: 'reference',
  slower: `{ use: '${slower}', options: { share: ${Number(values.share)} } }`,
  unsafe: values.unsafe,
}

interface Line {
  series: string
  seed: number
  seconds: number
  load: number
  exitCode: number
  /** Drills of the lock under test, and of the baseline, that came out otherwise than valid. */
  notValid: { as: string; scenario: string; lock: string; verdict: string; because: string | undefined }[]
  measurements: number
  rows: NonNullable<GateResult['comparison']>['rows']
  unknownBecause: string[]
  /** Where the reports of a gate are that came out otherwise than it should. */
  kept?: string
}

async function main(): Promise<void> {
  mkdirSync(dirname(values.out), { recursive: true })
  await using children = await Children.open()
  for (let i = 0; i < Number(values.busy); i++)
    children.spawn(process.execPath, ['-e', 'for (;;);'], { name: 'a busy process' })
  const names = values.series.split(',')
  const done = lines()
  for (let gate = 1; gate <= Number(values.gates); gate++)
    for (const name of names) {
      if (done.some((line) => line.series === name && line.seed === gate)) continue
      const line = await run(name, gate, join(children.folder, `${name}-${gate}`))
      appendFileSync(values.out, `${JSON.stringify(line)}\n`)
      console.error(`${name} ${gate}: ${tell(line)} (${line.seconds.toFixed(0)} s, load ${line.load.toFixed(1)})`)
    }
  table(lines().filter(({ series }) => names.includes(series)))
}

function lines(): Line[] {
  if (!existsSync(values.out)) return []
  return readFileSync(values.out, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line)
}

async function run(name: string, seed: number, folder: string): Promise<Line> {
  mkdirSync(folder, { recursive: true })
  writeFileSync(
    join(folder, 'picklock.yaml'),
    `lock: ${series[name]}
baseline: reference
scenarios: [{ scenario: oversell, topologies: [single], set: { load.duration: 1s } }]
compare: { topology: single, slices: ${values.slices}, sliceMs: ${values['slice-ms']} }
`,
  )
  const startMs = performance.now()
  const result = await gate(folder, seed)
  const line: Line = {
    series: name,
    seed,
    seconds: (performance.now() - startMs) / 1000,
    load: loadavg()[0]!,
    exitCode: result.exitCode,
    notValid: result.drills.flatMap(({ as, report: { scenario, lock, verdict, findings, unknownBecause } }) =>
      as === 'control' || verdict === 'valid'
        ? []
        : [{ as, scenario, lock, verdict, because: findings[0]?.message ?? unknownBecause[0] }],
    ),
    measurements: result.comparison?.measurements ?? 0,
    rows: result.comparison?.rows ?? [],
    unknownBecause: result.comparison?.unknownBecause ?? [],
  }
  const safe = !unsafeOf(line)
  const expected = name === 'same' ? line.exitCode === 0 : name === 'slower' ? safe && slowerOf(line).length > 0 : !safe
  if (expected) return line
  const kept = join(dirname(values.out), 'gate-kept', `${name}-${seed}-${Date.now()}`)
  mkdirSync(dirname(kept), { recursive: true })
  moveFolder(join(folder, 'reports'), kept)
  return { ...line, kept: relative(process.cwd(), kept) }
}

function gate(folder: string, seed: number): Promise<GateResult> {
  const args = [cli, 'gate', '--quiet', '--format', 'json', '--seed', String(seed)]
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      args,
      { cwd: folder, timeout: gateMaxMs, maxBuffer: 1 << 27 },
      (error, stdout, stderr) => {
        try {
          resolve(gateResult.parse(JSON.parse(stdout)))
        } catch {
          reject(new Error(`the gate said nothing: ${stderr || error?.message}`))
        }
      },
    )
  })
}

function moveFolder(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch {
    // Another file system.
    cpSync(from, to, { recursive: true })
  }
}

const unsafeOf = ({ notValid }: Line) => notValid.some(({ as, verdict }) => as !== 'baseline' && verdict === 'invalid')
const slowerOf = ({ rows }: Line) => rows.filter(({ change }) => change === 'slower').map(({ metric }) => metric)

function tell(line: Line): string {
  const rows = line.rows.map(({ metric, change, ratio }) => `${metric} ${change} ${ratio?.toFixed(2) ?? '–'}`)
  return [`exit ${line.exitCode}`, ...rows, ...line.notValid.map(({ as, verdict }) => `${as} ${verdict}`)].join(', ')
}

function table(all: readonly Line[]): void {
  const quantile = (values: number[], q: number) =>
    values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(q * values.length))] ?? NaN
  const rows = [...Map.groupBy(all, (line) => line.series)].map(([name, some]) => {
    const ratios = some.flatMap((line) => line.rows.find(({ metric }) => metric === 'acquire_wait')?.ratio ?? [])
    return {
      series: name,
      gates: some.length,
      unsafe: some.filter(unsafeOf).length,
      slower: some.filter((line) => slowerOf(line).length > 0).length,
      'by acquire_wait': some.filter((line) => slowerOf(line).includes('acquire_wait')).length,
      'measured again': some.filter(({ measurements }) => measurements > 1).length,
      'not told': some.filter(({ rows }) =>
        rows.some(({ metric, change }) => metric === 'acquire_wait' && change === 'not told'),
      ).length,
      'exit 4': some.filter(({ exitCode }) => exitCode === 4).length,
      'ratio p5': quantile(ratios, 0.05).toFixed(3),
      median: quantile(ratios, 0.5).toFixed(3),
      p95: quantile(ratios, 0.95).toFixed(3),
      'seconds (median)': quantile(
        some.map(({ seconds }) => seconds),
        0.5,
      ).toFixed(0),
    }
  })
  console.table(rows)
}

await main()
