import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { Command } from '@commander-js/extra-typings'
import { EnvironmentError, UsageError } from '../lib/failure.ts'
import { inspectLock } from '../locks/index.ts'
import { examples, exits } from './command.ts'
import { baseRef } from './gate/checkout.ts'
import { findLocks, type FoundLock } from './init/find-locks.ts'
import { template } from './init/template.ts'

export function initCommand() {
  return new Command('init')
    .description(
      'Writes picklock.yaml, which `picklock gate` reads, with comments. Looks for the lock in the modules below this folder, and asks nothing where there is no terminal.',
    )
    .argument('[lock]', "a module, a lock of Picklock's, or stdio:<command>; default: the one that is found")
    .option('--config <file>', 'where to write it', 'picklock.yaml')
    .option('--force', 'overwrite what is there')
    .addHelpText(
      'after',
      examples({
        'picklock init': 'finds the lock by itself',
        'picklock init ./src/lock.ts': 'this one',
        "picklock init 'stdio:java -jar lock.jar'": 'a lock in another language',
      }),
    )
    .action(
      exits(async (given, { config, force = false }) => {
        const cwd = process.cwd()
        const file = resolve(cwd, config)
        if (!force && existsSync(file))
          throw new UsageError(`${config} is there already; --force overwrites it, --config names another file`)
        const { lock, others } = given === undefined ? await find(cwd) : { lock: await named(given, cwd), others: [] }
        const ref = await baseRef(resolve(cwd, lock.file))
        const text = template({ lock: { ...lock, use: lock.file }, others, ref, folder: dirname(file) })
        await write(file, text, { config, force })
        process.stdout.write(
          `Wrote ${config}: ${lock.name} (${lock.file})${ref === undefined ? '' : `, compared with ${ref}`}.\nNext: picklock gate --quick\n`,
        )
        return 0
      }),
    )
}

const named = async (spec: string, cwd: string): Promise<FoundLock> => ({
  ...(await inspectLock(spec, cwd)),
  file: spec,
})

async function find(cwd: string): Promise<{ lock: FoundLock; others: string[] }> {
  const { locks, refused } = await findLocks(cwd)
  for (const sentence of refused) process.stderr.write(`picklock: passed over: ${sentence}\n`)
  const [first] = locks
  if (first === undefined)
    throw new UsageError(
      'no lock was found below this folder: that is a module with `export default { name, open }`; or name one: picklock init reference',
    )
  const lock = locks.length > 1 && process.stdin.isTTY && process.stderr.isTTY ? await ask(locks) : first
  return { lock, others: locks.filter((other) => other !== lock).map(({ file }) => file) }
}

/** An empty answer is the first. */
async function ask(locks: readonly FoundLock[]): Promise<FoundLock> {
  const lines = locks.map(({ name, file }, index) => `  ${index + 1}  ${name} (${file})\n`)
  process.stderr.write(`There are several locks here:\n${lines.join('')}`)
  const reader = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = (await reader.question('Which one shall the gate test? (1) ')).trim()
    const lock = locks[answer === '' ? 0 : Number(answer) - 1]
    if (lock === undefined) throw new UsageError(`"${answer}" is no number from 1 to ${locks.length}`)
    return lock
  } finally {
    reader.close()
  }
}

async function write(file: string, text: string, { config, force }: { config: string; force: boolean }): Promise<void> {
  try {
    await writeFile(file, text, { flag: force ? 'w' : 'wx' })
  } catch (error) {
    throw new EnvironmentError(`${config} cannot be written: ${(error as Error).message}`)
  }
}
