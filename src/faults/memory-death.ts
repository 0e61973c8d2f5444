import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { z } from 'zod'
import type { NodeHandle } from '../runtimes/runtime.ts'
import { eachNode } from './each-node.ts'
import type { Fault } from './fault.ts'
import { fill, refusalOfWrite, removeFiller } from './filler.ts'
import { poll } from './poll.ts'

const parameters = z.strictObject({
  /** What the process may allocate beyond what it has. */
  headroomMb: z.number().min(8).max(1024).default(24),
  /** In about this time the leak fills it. */
  growMs: z.number().min(100).default(700),
  /** So long after a death the supervisor starts it again. */
  downMs: z.number().min(10).default(300),
  /** Whether it comes back with the locks it had. What leaked of the harness' own is never kept. */
  keepData: z.boolean().default(true),
})
type Parameters = z.infer<typeof parameters>

const mb = 1024 * 1024
const bytesEach = 64 * 1024
/** An allocator has room that it does not tell; after this many times the headroom something is wrong. */
const excessMax = 8
/** From the failed allocation to the process' end: the crash report and its memory test. */
const dyingMs = 15_000
/** What is told of a death may come a little after it. */
const tellingMs = 2_000

export const memoryDeath = {
  name: 'memory-death',
  title: 'A node dies of its memory limit, comes back, and dies of it again',
  docs: `Keys without a time to live pile up until there is no more memory. As a process, Redis then writes "Out Of Memory allocating …" and a crash report into its log and aborts;
in a container the kernel kills it. A supervisor starts it
again, the load is still the same, and it dies again (the incident of 2025-06-05). The limit is real, \`headroomMb\` above what it has: RLIMIT_DATA on the running
process, or the memory limit of its container. The leak is the harness' own, on top of what the lock leaks. A lock feels dropped connections, then refused ones, then a node that works, then the same again.
Landed when the process died twice with its own report of it, or the container's state twice says OOMKilled; it goes on dying until the heal, which lifts the limit.`,
  group: 'nodes',
  onProcess: true,
  color: '#8b0000',
  parameters,
  defaultTarget: 'primary',
  inject: (target, options, stage) =>
    eachNode(target, async (node) => {
      const admin = stage.cluster.admin(node.name)
      const over = new AbortController()
      const heal = async () => {
        over.abort()
        await dying
        // It may be in the middle of dying: then it is up by the system's word and answers nobody.
        const healthy = await poll(dyingMs, undefined, async () => {
          if ((await node.state()) === 'down') await node.restart({ keepData: options.keepData })
          await node.limitMemory(undefined)
          await removeFiller(admin)
          return (await refusalOfWrite(admin)) === undefined
        })
        if (!healthy) throw new Error(`${node.name} does not take writes ${dyingMs} ms after its limit was lifted`)
      }
      let dying: Promise<unknown> = Promise.resolve()
      const death = (signal: AbortSignal) => liveUntilDeath(node, admin, options, signal)
      const comeBack = async (signal: AbortSignal) => {
        await sleep(options.downMs, undefined, { signal })
        await node.restart({ keepData: options.keepData })
      }
      try {
        const first = await death(stage.signal)
        const feltNs = stage.now()
        await comeBack(stage.signal)
        const second = await death(stage.signal)
        dying = (async () => {
          while (!over.signal.aborted) {
            await comeBack(over.signal)
            await death(over.signal)
          }
        })().catch((error: Error) => {
          if (!over.signal.aborted) stage.log(`memory-death ${node.name}: ${error.message}`)
        })
        return {
          landed: true,
          feltNs,
          proof: `${node.name} died of its memory limit twice: ${first}; came back after ${options.downMs} ms, then ${second}`,
          heal,
        }
      } catch (error) {
        await heal().catch(() => {})
        throw error
      }
    }),
} satisfies Fault<typeof parameters>

/** Limits the memory, leaks until the process is gone, and quotes what it said about it. Rejects if it does not die, or not of that, or when the signal aborts. */
async function liveUntilDeath(
  node: NodeHandle,
  admin: Redis,
  { headroomMb, growMs }: Parameters,
  signal: AbortSignal,
): Promise<string> {
  const { pid } = node
  // The report ends with a test of all memory, a second in which the process has not ended and answers nobody; servers before 7 have no such setting.
  await admin.config('SET', 'crash-memcheck-enabled', 'no').catch(() => {})
  await node.limitMemory(headroomMb * mb)
  const keys = mb / bytesEach
  const stepMs = growMs / headroomMb
  const isDown = async () => (await node.state()) === 'down' || node.pid !== pid
  for (let step = 0; step < headroomMb * excessMax; step++) {
    signal.throwIfAborted()
    // A busy machine does not take it either: what counts is whether the process is gone. The engine of a container is slow to say so, and is not asked while the node answers.
    const died = await fill(admin, step * keys, { keys, bytesEach }).then(() => false, isDown)
    if (died) break
    await sleep(stepMs, undefined, { signal })
  }
  let proof: string | undefined
  const isGone = await poll(dyingMs, undefined, async () => {
    if (await isDown()) return true
    // The crash report takes memory as well: where there is none left, it fails, and a new one begins in the middle of it. Seen were 1400 of them, and 6 s.
    if (proof === undefined && (proof = await node.memoryDeath()) !== undefined) await node.limitMemory(undefined)
    return false
  })
  if (!isGone) throw new Error(`${node.name} lives on after ${headroomMb} MB were filled`)
  await poll(tellingMs, undefined, async () => (proof ??= await node.memoryDeath()) !== undefined)
  if (proof === undefined)
    throw new Error(`${node.name} (pid ${pid}) ended, and nothing says that it was for lack of memory`)
  return `pid ${pid} gone, ${proof}`
}
