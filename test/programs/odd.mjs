// Programs that break the protocol, one way each: node odd.mjs <way>
import { spawn } from 'node:child_process'
import { writeSync } from 'node:fs'
import { now, say, serve } from './serve.mjs'

const ways = {
  good: {},
  junk: { acquire: () => process.stdout.write('Connected to Redis!\n') },
  blank: { acquire: () => process.stdout.write('\n') },
  'never-answers': { acquire() {}, close() {} },
  twice: {
    granted({ id }, grant) {
      say({ id, result: 'granted', grant })
      say({ id, result: 'granted', grant })
    },
  },
  'foreign-id': { granted: ({ id }, grant) => say({ id: id + 1000, result: 'granted', grant }) },
  'wrong-kind': { acquire: ({ id }) => say({ id, result: 'released' }) },
  'no-grant': { acquire: ({ id }) => say({ id, result: 'granted' }) },
  'big-fence': {
    acquire: ({ id }) => process.stdout.write(`{"id":${id},"result":"granted","grant":"g","fence":9007199254740993}\n`),
  },
  'no-utf8': { acquire: () => process.stdout.write(Buffer.from([0x7b, 0xff, 0x0a])) },
  'long-line': { acquire: () => process.stdout.write(`{"x":"${'x'.repeat(1024 * 1024)}"}\n`) },
  'cuts-a-line': {
    acquire({ id }) {
      writeSync(1, `{"id":${id},"result":"gra`)
      process.exit(0)
    },
  },
  'floods-stderr': {
    open({ id }) {
      for (let line = 0; line < 20_000; line++) writeSync(2, `${'noise '.repeat(200)}\n`)
      say({ id, result: 'opened' })
    },
  },
  'dies-with-7': { acquire: () => process.exit(7) },
  'will-not-exit': {
    close({ id }) {
      process.on('SIGTERM', () => {})
      // A child of its own that must not survive it.
      const child = spawn('sleep', ['600'], { stdio: 'inherit' })
      say({ event: 'log', message: `child ${child.pid}` })
      say({ id, result: 'closed' })
      setInterval(() => {}, 1000)
    },
  },
  'slow-hello': {
    hello({ id }) {
      process.stderr.write('building…\n')
      setTimeout(() => say({ id, result: 'hello', protocol: 1, name: 'slow' }), 700)
    },
  },
  'without-at': {
    granted: ({ id }, grant) => say({ id, result: 'granted', grant }),
    extend: ({ id }) => say({ id, result: 'extended', validForMs: 500 }),
  },
  'no-pong': { ping() {}, granted: ({ id }, grant) => say({ id, result: 'granted', grant }) },
  'at-in-the-future': {
    granted: ({ id }, grant) =>
      say({ id, result: 'granted', grant, at: String(process.hrtime.bigint() + 5_000_000_000n) }),
  },
  'at-in-the-past': { granted: ({ id }, grant) => say({ id, result: 'granted', grant, at: '1' }) },
  'loses-at-once': {
    granted({ id }, grant) {
      const at = now()
      process.stdout.write(
        `${JSON.stringify({ id, result: 'granted', grant, at })}\n${JSON.stringify({ event: 'lost', grant, reason: 'session gone', at })}\n`,
      )
    },
  },
  'lost-on-extend': { extend: ({ id }) => say({ id, result: 'lost', at: now() }) },
  unavailable: {
    acquire: ({ id }) => say({ id, result: 'unavailable', error: { class: 'Refused', message: 'OOM' } }),
    release: ({ id }) => say({ id, result: 'indeterminate', error: { class: 'Timeout', message: 'no reply' } }),
  },
  fails: {
    open({ id }) {
      say({ id, error: { class: 'ImportError', message: 'redis-py is missing' } })
      process.exitCode = 3
      process.stdin.destroy()
    },
  },
  'old-protocol': { hello: ({ id }) => say({ id, result: 'hello', protocol: 0, name: 'old' }) },
  'single-only': { hello: ({ id }) => say({ id, result: 'hello', protocol: 1, name: 'one', topologies: ['single'] }) },
}

serve(ways[process.argv[2]])
