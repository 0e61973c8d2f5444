import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { DrillProgress } from '../drill.ts'
import type { Books } from '../ledger/ledger.ts'
import { EnvironmentError, UsageError } from '../lib/failure.ts'
import { oneDrill, type DrillDone, type DrillRequest } from './one-drill.ts'

/**
 * Drills that run side by side have a process each: what one of them is busy with (judging a long history takes a second) must not keep
 * another from seeing what happens on its nodes.
 */

type ToDrill = { kind: 'run'; request: DrillRequest; ledgerUrl: string | undefined } | { kind: 'abort' }
type FromDrill =
  | { kind: 'said'; as: 'fault' | 'detail'; text: string }
  | { kind: 'done'; done: DrillDone }
  | { kind: 'failed'; name: string; message: string; stack: string | undefined }

export async function drillInProcess(
  request: DrillRequest,
  { ledger, signal, progress }: { ledger: Promise<Books> | undefined; signal: AbortSignal; progress: DrillProgress },
): Promise<DrillDone> {
  const ledgerUrl = (await ledger)?.url
  // A process group of its own: Ctrl-C is ours to hear, and to pass on.
  const child = fork(fileURLToPath(import.meta.url), {
    detached: true,
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  const send = (message: ToDrill) => child.connected && child.send(message, () => {})
  const abort = () => send({ kind: 'abort' })
  signal.addEventListener('abort', abort)
  try {
    return await new Promise<DrillDone>((resolve, reject) => {
      let answer: (() => void) | undefined
      child.on('message', (message: FromDrill) => {
        if (message.kind === 'said') progress[message.as](message.text)
        // Taken at its exit, so that nothing of it is left when the next one begins.
        else if (message.kind === 'done') answer = () => resolve(message.done)
        else answer = () => reject(failure(message))
      })
      child.on('error', reject)
      child.on('exit', (code, by) => {
        if (answer) answer()
        else reject(new Error(`the process of a drill ended without a report (${by ?? `exit code ${code}`})`))
      })
      send({ kind: 'run', request, ledgerUrl })
      if (signal.aborted) abort()
    })
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

function failure({ name, message, stack }: FromDrill & { kind: 'failed' }): Error {
  if (name === 'UsageError') return new UsageError(message)
  if (name === 'EnvironmentError') return new EnvironmentError(message)
  return Object.assign(new Error(message), stack !== undefined && { stack })
}

/** The other side. */
async function serve({ request, ledgerUrl }: ToDrill & { kind: 'run' }, signal: AbortSignal): Promise<FromDrill> {
  try {
    await using books = ledgerUrl === undefined ? undefined : await openBooks(ledgerUrl)
    const say = (as: 'fault' | 'detail') => (text: string) => void tell({ kind: 'said', as, text })
    const progress = { live: false, phase() {}, tick() {}, fault: say('fault'), detail: say('detail') }
    const ledger = books && Promise.resolve(books)
    return { kind: 'done', done: await oneDrill(request, { ledger, signal, progress }) }
  } catch (error) {
    const { name, message, stack } = error as Error
    return { kind: 'failed', name, message, stack }
  }
}

async function openBooks(url: string): Promise<Books> {
  const postgres = await import('../ledger/postgres.ts')
  return postgres.openBooks(url)
}

const tell = (message: FromDrill) =>
  new Promise<void>((told) => (process.connected ? process.send!(message, () => told()) : told()))

if (process.argv[1] === fileURLToPath(import.meta.url) && process.send !== undefined) {
  const over = new AbortController()
  // Whoever asked for the drill is gone: it ends in order, and nobody hears how.
  process.on('disconnect', () => over.abort(new Error('nobody waits for this drill any more')))
  process.on('message', (message: ToDrill) => {
    if (message.kind === 'abort') over.abort(new Error('interrupted'))
    else
      void serve(message, over.signal)
        .then(tell)
        .then(() => process.exit(0))
  })
}
