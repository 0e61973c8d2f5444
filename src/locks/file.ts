import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { UsageError } from '../lib/failure.ts'
import { listed } from '../lib/nearest.ts'
import { topologyKinds } from '../plan/scenario.ts'
import type { Lock } from './lock.ts'

/**
 * A user's own lock module. Whatever is wrong with it is the user's to mend, so each thing is told in one sentence with the place.
 * `shown` is how the user wrote the path. Throws UsageError.
 */
export async function lockFromFile(file: string, shown: string): Promise<Lock> {
  const found = statSync(file, { throwIfNoEntry: false })
  if (!found) throw new UsageError(`there is no lock file ${shown}`)
  if (!found.isFile()) throw new UsageError(`${shown} is no file: a lock is a module (.ts, .js or .mjs)`)

  return checkShape(defaultExport(await load(file, shown), shown), shown)
}

const loadTimeoutMs = 30_000

/**
 * A module may end the process while it is loaded, or wait at its top for what never comes, until nothing is left to do: either would look
 * like a drill that ended well.
 */
async function load(file: string, shown: string): Promise<Record<string, unknown>> {
  const over = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => over.reject(new UsageError(`${shown} was not loaded within ${loadTimeoutMs / 1000} s`)),
    loadTimeoutMs,
  )
  const ended = () => {
    process.stderr.write(`picklock: ${shown} ended the process while it was loaded\n`)
    process.exitCode = 2
  }
  process.once('exit', ended)
  try {
    const loaded = import(/* @vite-ignore */ pathToFileURL(file).href) as Promise<Record<string, unknown>>
    return await Promise.race([loaded, over.promise])
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(importProblem(error, file, shown), { cause: error })
  } finally {
    clearTimeout(timer)
    process.off('exit', ended)
  }
}

function defaultExport(namespace: Record<string, unknown>, shown: string): unknown {
  const exported = namespace['default']
  if (exported === undefined) {
    const named = Object.keys(namespace).filter((name) => name !== 'module.exports')
    throw new UsageError(
      `${shown} has no default export${named.length > 0 ? ` (only ${listed(named)})` : ''}: a lock is \`export default { name, open }\``,
    )
  }
  // What TypeScript and Babel make of `export default` when they write CommonJS.
  if (isObject(exported) && exported['__esModule'] === true && 'default' in exported) return exported['default']
  return exported
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** The default export has the fields of the contract (lock.ts); says which one is wrong. Throws UsageError. */
function checkShape(exported: unknown, shown: string): Lock {
  const wrong = (what: string) => new UsageError(`${shown}: ${what}`)
  if (!isObject(exported)) throw wrong(`the default export must be an object { name, open }, not ${kindOf(exported)}`)
  const { name, open, topologies, capabilities, bookkeeping } = exported
  if (typeof name !== 'string' || name.trim() === '')
    throw wrong(`the default export needs \`name\`, a text, not ${kindOf(name)}`)
  if (typeof open !== 'function')
    throw wrong(`the default export needs \`open\`, a function of \`env\`, not ${kindOf(open)}`)
  if (topologies !== undefined) {
    const known: readonly unknown[] = topologyKinds
    if (!Array.isArray(topologies) || topologies.length === 0 || !topologies.every((one) => known.includes(one)))
      throw wrong(`\`topologies\` must be a list of ${listed(topologyKinds, 'or')}`)
  }
  if (capabilities !== undefined) {
    if (!isObject(capabilities)) throw wrong(`\`capabilities\` must be an object, not ${kindOf(capabilities)}`)
    for (const field of ['extend', 'autoExtend', 'fencing'])
      if (!['boolean', 'undefined'].includes(typeof capabilities[field]))
        throw wrong(`\`capabilities.${field}\` must be true or false, not ${kindOf(capabilities[field])}`)
  }
  if (bookkeeping !== undefined && !(Array.isArray(bookkeeping) && bookkeeping.every((one) => typeof one === 'string')))
    throw wrong("`bookkeeping` must be a list of globs, for example ['fence:*']")
  // Its functions are the user's; that they keep their signatures cannot be seen from here.
  return exported as unknown as Lock
}

export function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  return `${/^[aeiou]/.test(typeof value) ? 'an' : 'a'} ${typeof value}`
}

function importProblem(error: unknown, file: string, shown: string): string {
  if (!(error instanceof Error)) return `${shown} threw ${String(error)} when it was loaded`
  const code = 'code' in error ? error.code : undefined
  const message = error.message.split('\n', 1)[0]!
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX')
    return `${place(error, file, shown)}: ${message}; Node only strips types, so use syntax that can be erased (no enum, namespace or parameter property)`
  if (error instanceof SyntaxError) return `${place(error, file, shown)}: ${message}`
  if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') return `${shown}: ${message}`
  if (error instanceof ReferenceError && /\b(module|exports|require) is not defined in ES module/.test(message))
    return `${shown}: ${message.split(',', 1)[0]}: use \`export default\`, or name the file .cjs`
  return `${shown} threw when it was loaded: ${message}${thrownAt(error, shown)}`
}

/** ` (line 3)` where the error's stack leads into a file. */
function thrownAt(error: Error, shown: string): string {
  const line = /at (?:.*\()?file:\/\/\S*?:(\d+):\d+\)?$/m.exec(error.stack ?? '')?.[1]
  return line === undefined ? '' : ` (${shown}:${line})`
}

/** `file:line:column` of a syntax error: V8 writes the place above the stack, with a caret under the column. */
function place(error: Error, file: string, shown: string): string {
  const found = arrow(error.stack ?? '') ?? arrow(checked(file))
  if (!found) return shown
  return `${found.file === file ? shown : found.file}:${found.line}:${found.column}`
}

function arrow(text: string): { file: string; line: number; column: number } | undefined {
  const lines = text.split('\n')
  const head = /^(.+):(\d+)$/.exec(lines[0] ?? '')
  const caret = lines.findIndex((line, index) => index > 0 && /^\s*\^+\s*$/.test(line))
  if (!head || caret < 0) return undefined
  const file = head[1]!.startsWith('file:') ? fileURLToPath(head[1]!) : head[1]!
  return { file, line: Number(head[2]), column: lines[caret]!.indexOf('^') + 1 }
}

/** Node keeps the place of a syntax error in an ES module to itself; `node --check` prints it. */
function checked(file: string): string {
  try {
    execFileSync(process.execPath, ['--check', file], {
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
      timeout: 10_000,
    })
    return ''
  } catch (error) {
    return error instanceof Error && 'stderr' in error ? String(error.stderr) : ''
  }
}
