import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findChromium } from '../../scripts/chromium.mjs'

/** The program; undefined where there is none. */
export const chromium = findChromium(process)

/** Said where the tests of the page are skipped. */
export const noChromium =
  'there is no Chromium to look at the report with: install one (apt-get install chromium), or name it in PICKLOCK_CHROMIUM'

const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--enable-logging=stderr', '--window-size=1200,1600']
const quiet = ['--no-first-run', '--disable-extensions', '--disable-background-networking']

/** A page as the browser made it, without a window: its document, and what it said on its console. */
export async function openInBrowser(file: string): Promise<{ dom: string; said: string[] }> {
  const profile = await mkdtemp(join(tmpdir(), 'picklock-browser-'))
  try {
    const { stdout, stderr } = await promisify(execFile)(
      chromium!,
      [...flags, ...quiet, `--user-data-dir=${profile}`, '--virtual-time-budget=2000', '--dump-dom', `file://${file}`],
      { maxBuffer: 64e6, timeout: 50_000 },
    )
    return { dom: stdout, said: stderr.split('\n').filter((line) => line.includes('CONSOLE')) }
  } finally {
    await rm(profile, { recursive: true, force: true })
  }
}
