import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Machine } from '../../scripts/bootstrap.mjs'
import { thisMachine } from '../../scripts/machine.mjs'
import { findOnPath } from '../../scripts/tools.mjs'

export interface Bare extends Disposable {
  machine: Machine
  /** What the set-up told, and the commands that it ran. */
  told: string[]
  ran: string[]
  /** Puts a program on the machine's PATH: the body of a Node script that has `args`, `fs` and `path`. */
  program(name: string, body: string): void
  /** Puts programs of this machine there. */
  system(...names: string[]): void
}

/** A machine in a temp folder with an empty PATH but for `env`, with Node 20, without root, and without a line of ours. */
export function bareMachine(changes: Partial<Machine> = {}): Bare {
  const folder = mkdtempSync(join(tmpdir(), 'picklock-machine-'))
  const bin = join(folder, 'bin')
  for (const each of [bin, join(folder, 'clone', 'scripts')]) mkdirSync(each, { recursive: true })
  symlinkSync('/usr/bin/env', join(bin, 'env'))
  symlinkSync(join(thisMachine().folder, 'scripts', 'download.mjs'), join(folder, 'clone', 'scripts', 'download.mjs'))
  const told: string[] = []
  const ran: string[] = []
  const machine: Machine = {
    ...thisMachine(),
    folder: join(folder, 'clone'),
    cache: join(folder, 'clone', '.cache'),
    env: { PATH: bin },
    platform: 'linux',
    arch: 'x64',
    isRoot: false,
    nodeVersion: '20.20.2',
    say: (text) => void told.push(text),
    run: (command, args, options) => {
      ran.push([command, ...args].join(' '))
      return thisMachine().run(command, args, options)
    },
    ...changes,
  }
  return {
    machine,
    told,
    ran,
    program: (name, body) => writeProgram(join(bin, name), body),
    system(...names) {
      for (const name of names) symlinkSync(findOnPath(name, process.env)!, join(bin, name))
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** JavaScript, so that it needs nothing of an empty PATH. */
function writeProgram(file: string, body: string): void {
  const head = `#!${process.execPath}\nconst fs = require('fs'), path = require('path'), args = process.argv.slice(2)\n`
  writeFileSync(file, head + body)
  chmodSync(file, 0o755)
}
