import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { connect } from 'node:net'
import { finished } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'

/** Writes what MONITOR says of a Redis without a password into a file, until it is disposed of. */
export async function monitorInto(file: string, port: number): Promise<AsyncDisposable> {
  const socket = connect({ host: '127.0.0.1', port })
  await once(socket, 'connect')
  const out = createWriteStream(file)
  socket.pipe(out)
  socket.write('MONITOR\r\n')
  await once(socket, 'data')
  return {
    async [Symbol.asyncDispose]() {
      // What was done before this is on its way.
      await sleep(200)
      socket.end()
      await finished(out)
    },
  }
}
