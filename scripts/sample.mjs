import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { findChromium } from './chromium.mjs'
import { enter } from './enter.mjs'
import { mustRun, SetupError } from './machine.mjs'

/**
 * Makes reports/sample/ again, by a real drill, with its picture:
 *
 *   node scripts/sample.mjs
 *
 * The scenario with works that outlast the failover, a click that comes twice, and a replica that is behind for a moment: then a plain lock has to break. It breaks another
 * way each time; whoever commits a new sample looks at it first.
 */
const settings = [
  'lock.ttlMs=7500',
  'workload.workMs={min: 4000, max: 5000}',
  'workload.products=400',
  'workload.resubmit=1',
  'load.rate=20',
  'load.duration=8s',
  'evidence.grants=100',
  'faults=[{fault: cut-replication, target: redis-2, at: 800ms, for: 4s},{fault: kill, target: primary, at: 2200ms, for: 5s}]',
]
const seed = ['--seed', '7']
const drill = [
  'run',
  'primary-kill',
  '--lock',
  'set-nx',
  ...seed,
  '--quiet',
  ...settings.flatMap((set) => ['--set', set]),
]
const kept = ['report.html', 'report.json', 'summary.md', 'junit.xml', 'plan.json', 'record.json', 'history.ndjson.gz']
const invalid = 1

await enter(fileURLToPath(import.meta.url), async (machine) => {
  const sample = join(machine.folder, 'reports', 'sample')
  const folder = mkdtempSync(join(tmpdir(), 'picklock-sample-'))
  try {
    const command = [join('bin', 'picklock'), ...drill, '--out', folder]
    const { code, output } = await machine.run(machine.nodePath, command, { cwd: machine.folder })
    process.stdout.write(output)
    if (code !== invalid) throw new SetupError(`the drill ended with ${code}, and a sample shows a lock that broke`)
    const made = join(
      folder,
      readdirSync(folder).find((name) => name.includes('primary-kill')),
    )
    rmSync(sample, { recursive: true, force: true })
    mkdirSync(sample, { recursive: true })
    for (const name of kept) copyFileSync(join(made, name), join(sample, name))
    await picture(machine, folder, sample)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

/** The first screen, as it opens. */
async function picture(machine, folder, sample) {
  const chromium = findChromium(machine)
  if (chromium === undefined)
    throw new SetupError('there is no Chromium to take the picture with; name one in PICKLOCK_CHROMIUM')
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking']
  const looks = ['--hide-scrollbars', '--window-size=1200,1010', '--blink-settings=preferredColorScheme=1']
  const profile = `--user-data-dir=${join(folder, 'profile')}`
  const waits = ['--virtual-time-budget=3000', `--screenshot=${join(sample, 'report.png')}`]
  await mustRun(
    machine,
    chromium,
    [...flags, ...looks, profile, ...waits, pathToFileURL(join(sample, 'report.html')).href],
    { cwd: folder },
  )
}
