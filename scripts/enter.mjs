import { spawn } from 'node:child_process'
import module from 'node:module'
import { Socket } from 'node:net'
import { constants } from 'node:os'
import { join } from 'node:path'
import { bootstrap, parts } from './bootstrap.mjs'
import { SetupError, thisMachine } from './machine.mjs'
import { isNewEnough, nodePath } from './node.mjs'

/**
 * The way into every program of ours: `main(machine)` runs on a Node that is new enough. Where this one is too old, the same script is
 * started again on the fetched one, which takes our place where Node can do that (`process.execve`), else is a child that we wait for.
 */
export async function enter(script, main) {
  const machine = thisMachine()
  try {
    if (isNewEnough(machine.nodeVersion)) {
      watchWrapper()
      module.enableCompileCache(join(machine.cache, 'compiled'))
      await main(machine)
      return
    }
    await bootstrap(machine, [parts.node])
    const args = [script, ...process.argv.slice(2)]
    if (process.execve) become(nodePath(machine), args)
    else await waitFor(nodePath(machine), args)
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    machine.say(error.message)
    process.exitCode = error.exitCode
  }
}

function become(node, args) {
  process.removeAllListeners('warning') // or Node announces that execve is experimental
  process.execve(node, [node, ...args], process.env)
}

/**
 * Our exit is its exit. Signals are passed on; a Ctrl-C in a terminal reaches it twice then, by itself and through us. A SIGKILL cannot be
 * passed on, but closes the pipe, which the child watches.
 */
function waitFor(node, args) {
  const env = { ...process.env, PICKLOCK_WRAPPER_FD: '3' }
  const child = spawn(node, args, { stdio: ['inherit', 'inherit', 'inherit', 'pipe'], env })
  const passOn = (signal) => child.kill(signal)
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) process.on(signal, passOn)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      for (const each of signals) process.off(each, passOn)
      if (signal === null) process.exitCode = code
      else {
        // So that a shell sees what ended it. The number is for where the signal is ignored.
        process.exitCode = 128 + constants.signals[signal]
        process.kill(process.pid, signal)
      }
      child.stdio[3].destroy()
      resolve()
    })
  })
}

/** With the wrapper killed nobody waits for us any more: as if the terminal had been closed. Whoever handles SIGHUP ends in order. */
function watchWrapper() {
  const fd = process.env.PICKLOCK_WRAPPER_FD
  if (fd === undefined) return
  delete process.env.PICKLOCK_WRAPPER_FD // it is ours, not our children's
  const pipe = new Socket({ fd: Number(fd) })
  pipe.on('error', () => pipe.destroy())
  pipe.once('close', () => process.kill(process.pid, 'SIGHUP'))
  pipe.resume()
  pipe.unref()
}
