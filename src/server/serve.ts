import { EnvironmentError, UsageError } from '../lib/failure.ts'
import { unwritableCode, type FromServer, type ToServer } from './messages.ts'
import { standStill } from './stand-still.ts'
import { openServer, type OrderServer } from './server.ts'

/** How this process ends where its controller is gone. */
const exitCodeOfFailure = 3

/** Listens to the controller until it says `close` or is gone. It does not wait for one order before it hears the next. */
export function serve(): void {
  let server: OrderServer | undefined

  const hear = async (message: ToServer): Promise<void> => {
    switch (message.kind) {
      case 'configure':
        server = await openServer(message.configuration, say)
        return say({ kind: 'ready', door: server.door, lock: server.lock, pids: server.pids })
      case 'load':
        if (!server) return
        await server.load(message.peers, message.resumed)
        return say({ kind: 'finished' })
      case 'stop':
        return server?.stop(message.gracefulMs)
      case 'peers':
        return server?.meet(message.peers)
      case 'stand-still':
        return server && standStill(server, message, say)
      case 'tell-holding':
        return server?.whileHolding((holding) => say({ kind: 'holding', order: message.order, holding }))
      case 'audit':
        await server?.audit(message.busy)
        return say({ kind: 'audited', order: message.order })
      case 'close':
        await server?.[Symbol.asyncDispose]()
        return process.send?.({ kind: 'closed' } satisfies FromServer, () => process.exit(0)) as undefined
    }
  }

  process.on('message', (message: ToServer) => {
    hear(message).catch((error: unknown) => {
      console.error(error)
      if (message.kind !== 'configure') process.exit(exitCodeOfFailure)
      const text = error instanceof Error ? error.message : String(error)
      say({ kind: 'failed', message: text, usage: error instanceof UsageError })
    })
  })
  // The controller has died: nobody reads what we would do now, and its janitor is about to end us anyway.
  process.on('disconnect', () => {
    server?.flush()
    process.exit(exitCodeOfFailure)
  })
  // What the lock under test throws outside of any call is its failure, not this server's end; rejections arrive here, too.
  process.on('uncaughtException', (error: unknown) => {
    console.error(error)
    if (error instanceof EnvironmentError) process.exit(unwritableCode)
    server?.unhandled(error)
  })
}

function say(message: FromServer): void {
  // A channel that closes at this moment ends us by its `disconnect`.
  if (process.connected) process.send!(message, () => {})
}
