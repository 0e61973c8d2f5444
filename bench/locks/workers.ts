import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Children } from '../../src/lib/children.ts'
import { lastLines } from '../../src/runtimes/node.ts'
import type { Tasks } from './worker.ts'

/** A server process, from outside. Disposing of it kills it. */
export interface Worker extends AsyncDisposable {
  name: string
  /** One task after the other. Rejects with what the worker says, or with its last words if it ended. */
  ask<Task extends keyof Tasks>(
    task: Task,
    ...given: Parameters<Tasks[Task]> extends [] ? [] : Parameters<Tasks[Task]>
  ): Promise<Awaited<ReturnType<Tasks[Task]>>>
}

/** An empty result is no field at all in JSON. */
type Answer = { done?: unknown } | { failed: string }

let opened = 0

export function openWorker(children: Children, name: string): Worker {
  const logFile = join(children.folder, `worker-${++opened}.log`)
  const child = children.spawn(process.execPath, [fileURLToPath(new URL('./worker.ts', import.meta.url))], {
    name,
    logFile,
    stdio: ['ignore', 'log', 'log', 'ipc'],
  })
  return {
    name,
    ask: (task, ...[given]) =>
      new Promise((resolve, reject) => {
        const settle = (act: () => void) => {
          child.off('message', onMessage).off('exit', onExit)
          act()
        }
        const onMessage = (answer: Answer) =>
          settle(() => ('failed' in answer ? reject(new Error(answer.failed)) : resolve(answer.done as never)))
        const onExit = () =>
          settle(() => reject(new Error(`${name} ended: ${lastLines(readFileSync(logFile, 'utf8'), 0, 8)}`)))
        child.on('message', onMessage).on('exit', onExit)
        // A channel that is closed already tells it here, and nowhere else.
        child.send({ task, given }, (error) => error && onExit())
      }),
    [Symbol.asyncDispose]: () => children.stop(child, { graceMs: 0 }),
  }
}
