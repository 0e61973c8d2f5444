import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const good = '{ name: "mine", open: () => ({ acquire: async () => null, release: async () => true }) }'

/** A lock, what is in its file, and the one sentence about it; `ok` where there is nothing to say. */
const table: [spec: string, source: string | undefined, sentence: string][] = [
  ['./good.mjs', `export default ${good}`, 'ok'],
  ['good.ts', `const lock: { name: string } = ${good}\nexport default lock`, 'ok'],
  ['./common.js', `module.exports = ${good}`, 'ok'],
  ['./compiled.js', `exports.__esModule = true\nexports.default = ${good}`, 'ok'],
  ['reference', undefined, 'ok'],
  ['./none.mjs', undefined, 'there is no lock file ./none.mjs'],
  ['./folder.mjs', '', './folder.mjs is no file: a lock is a module (.ts, .js or .mjs)'],
  ['./broken.mjs', 'export default {\n  open( { }\n}\n', "./broken.mjs:3:1: Unexpected token '}'"],
  ['./broken.js', 'const x = ;\nmodule.exports = {}', "./broken.js:1:11: Unexpected token ';'"],
  ['./broken.ts', 'export default {\n  open( { }\n}\n', "./broken.ts:3:1: Expected ',', got '}'"],
  [
    './enum.ts',
    'enum A { x }\nexport default {}',
    './enum.ts:1:1: TypeScript enum is not supported in strip-only mode; Node only strips types, so use syntax that can be erased (no enum, namespace or parameter property)',
  ],
  [
    './named.mjs',
    'export const lock = 1',
    './named.mjs has no default export (only lock): a lock is `export default { name, open }`',
  ],
  ['./empty.mjs', '', './empty.mjs has no default export: a lock is `export default { name, open }`'],
  [
    './function.mjs',
    'export default () => {}',
    './function.mjs: the default export must be an object { name, open }, not a function',
  ],
  [
    './nameless.mjs',
    'export default { open() {} }',
    './nameless.mjs: the default export needs `name`, a text, not nothing',
  ],
  [
    './closed.mjs',
    'export default { name: "x" }',
    './closed.mjs: the default export needs `open`, a function of `env`, not nothing',
  ],
  [
    './where.mjs',
    'export default { name: "x", open() {}, topologies: ["cluster"] }',
    './where.mjs: `topologies` must be a list of single, sentinel or redlock',
  ],
  [
    './able.mjs',
    'export default { name: "x", open() {}, capabilities: { fencing: "yes" } }',
    './able.mjs: `capabilities.fencing` must be true or false, not a string',
  ],
  [
    './keeps.mjs',
    'export default { name: "x", open() {}, bookkeeping: "fence:*" }',
    "./keeps.mjs: `bookkeeping` must be a list of globs, for example ['fence:*']",
  ],
  ['./throws.mjs', '\nthrow new Error("boom")', './throws.mjs threw when it was loaded: boom (./throws.mjs:2)'],
  [
    './imports.mjs',
    'import "./nowhere.mjs"',
    "./imports.mjs: Cannot find module '<folder>/nowhere.mjs' imported from <folder>/imports.mjs",
  ],
  [
    './module.mjs',
    `module.exports = ${good}`,
    './module.mjs: module is not defined in ES module scope: use `export default`, or name the file .cjs',
  ],
  [
    './open-throws.mjs',
    'export default { name: "x", open() { throw new TypeError("no env.foo") } }',
    'the lock x: its open threw TypeError: no env.foo',
  ],
  [
    './open-rejects.mjs',
    'export default { name: "x", async open() { throw "nope" } }',
    'the lock x: its open threw nope',
  ],
  [
    './open-nothing.mjs',
    'export default { name: "x", open() {} }',
    'the lock x: its open must return { acquire, release }, not nothing',
  ],
  [
    './half.mjs',
    'export default { name: "x", open: () => ({ acquire() {} }) }',
    'the lock x: what its open returned needs `release`, a function, not nothing',
  ],
  [
    './elsewhere.mjs',
    'export default { name: "x", topologies: ["redlock", "sentinel"], open() {} }',
    'the lock x is made for redlock and sentinel, not for single',
  ],
  ['nave', undefined, 'there is no lock "nave": did you mean naive? (a file of yours is given as a path: ./nave.mjs)'],
  ['stdio:', undefined, "stdio: needs a command, for example --lock 'stdio:python3 adapters/python/redis_lock.py'"],
  ['stdio:no-such-program x', undefined, 'there is no program "no-such-program" on the PATH'],
  ['stdio:./none.sh', undefined, 'there is no program ./none.sh (looked in <folder>)'],
]

test('each bad lock is answered with one sentence of its own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lock-files-'))
  try {
    for (const [spec, source] of table) {
      if (spec === './folder.mjs') mkdirSync(join(folder, spec))
      else if (source !== undefined) writeFileSync(join(folder, spec), source)
    }
    const inspect = fileURLToPath(new URL('support/inspect.ts', import.meta.url))
    const args = ['--disable-warning=ExperimentalWarning', inspect, folder, ...table.map(([spec]) => spec)]
    const said = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Record<
      string,
      { name: string; message: string }
    >
    for (const [spec, , sentence] of table) {
      const { name, message } = said[spec]!
      expect.soft(name === 'ok' ? 'ok' : message.replaceAll(folder, '<folder>'), spec).toBe(sentence)
      expect.soft(name, spec).toBe(sentence === 'ok' ? 'ok' : 'UsageError')
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})
