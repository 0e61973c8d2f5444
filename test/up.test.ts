import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { exited } from '../src/lib/children.ts'
import { ping } from '../src/lib/ping.ts'

const cli = fileURLToPath(new URL('../src/cli.ts', import.meta.url))

function picklock(...args: string[]) {
  const child = spawn(process.execPath, [cli, 'up', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

interface Up {
  topology: string
  password: string
  nodes: { name: string; role: string; host: string; port: number }[]
  links: { name: string; host: string; port: number }[]
}

test('up holds a topology open until Ctrl-C, which is a success', async () => {
  const child = picklock('sentinel', '--replicas', '2', '--servers', '2', '--format', 'json')
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const up = JSON.parse(line.toString()) as Up
  expect(up.nodes.map(({ name, role }) => `${name} ${role}`)).toEqual([
    'redis-1 primary',
    'redis-2 replica',
    'redis-3 replica',
    'sentinel-1 sentinel',
    'sentinel-2 sentinel',
    'sentinel-3 sentinel',
  ])
  expect(up.links).toHaveLength(3 * 6)
  for (const address of [...up.nodes, ...up.links])
    expect(await ping(address, up.password, 5000)).toMatchObject({ ok: true })
  const gone = exited(child)
  child.kill('SIGINT')
  await gone
  expect(child.exitCode).toBe(0)
  for (const address of [...up.nodes, ...up.links])
    expect(await ping(address, up.password, 5000)).toEqual({ ok: false, error: 'ECONNREFUSED' })
})

test('up prints what to paste', async () => {
  const child = picklock('single')
  const [page] = (await once(child.stdout, 'data')) as [Buffer]
  child.kill('SIGTERM')
  await exited(child)
  expect(
    page
      .toString()
      .replace(/\d{5}/g, 'PORT')
      .replace(/AUTH=\w+/, 'AUTH=PASSWORD'),
  ).toMatchInlineSnapshot(`
    "single is up; Ctrl-C ends it and leaves nothing behind

    export REDISCLI_AUTH=PASSWORD

    direct, past Toxiproxy
      redis-1  127.0.0.1:PORT  redis-cli -p PORT  # redis

    server-1's links
      redis-1  127.0.0.1:PORT  redis-cli -p PORT

    Toxiproxy's API   http://127.0.0.1:PORT/proxies
    "
  `)
})

test.each([
  [['sentinle'], 'there is no topology sentinle; did you mean sentinel?'],
  [['single', '--nodes', '3'], '--nodes means nothing to single'],
  [['redlock', '--nodes', '2'], '--nodes is 2; it must be at least 3'],
  [['redlock', '--nodes', 'x'], "option '--nodes <n>' argument 'x' is invalid. It takes a whole number from 1 on."],
  [['sentinel', '--quorum', '4'], '--quorum 4 can never be reached by 3 Sentinels'],
  [['single', '--servers', '17'], '--servers is at most 16'],
])('up %j is a mistake of the user', async (args, sentence) => {
  const child = picklock(...args)
  const [message] = await Promise.all([text(child.stderr), exited(child)])
  expect(message).toBe(`picklock: ${sentence}\n`)
  expect(child.exitCode).toBe(2)
})
