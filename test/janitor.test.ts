import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { Children, exited, processState } from '../src/lib/children.ts'
import { until } from './support/until.ts'

interface Started {
  id: string
  folder: string
  pids: number[]
  ports: number[]
}

async function controller(topology: string, then: string): Promise<{ child: ChildProcess; started: Started }> {
  const script = fileURLToPath(new URL('./programs/controller.ts', import.meta.url))
  const child = spawn(process.execPath, [script, topology, then], { stdio: ['ignore', 'pipe', 'ignore'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [line] = (await once(child.stdout!, 'data')) as [Buffer]
  return { child, started: JSON.parse(line.toString()) as Started }
}

const alive = (pid: number) => ![undefined, 'Z', 'X'].includes(processState(pid))

/** Every process with the drill's name in its environment, the janitor and zombies aside. */
function marked(id: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid) || !alive(Number(pid))) return false
    try {
      return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`PICKLOCK_DRILL=${id}`)
    } catch {
      return false
    }
  })
}

function listening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.on('error', () => resolve(false))
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}

/**
 * Takes over the drill's block of ports in the moment in which it lets go of it: else a drill of another test may claim that block, and
 * its listeners would be taken for ours.
 */
async function takeOver({ ports: [first] }: Started): Promise<void> {
  const claim = createServer()
  onTestFinished(() => void claim.close())
  await until(async () => {
    claim.listen({ port: Math.floor(first! / 100) * 100, host: '127.0.0.1', exclusive: true })
    return await once(claim, 'listening').then(
      () => true,
      () => false,
    )
  })
}

async function left({ id, folder, pids, ports }: Started) {
  const open = await Promise.all(ports.map(listening))
  return {
    pids: pids.filter(alive),
    marked: marked(id),
    folder: existsSync(folder),
    ports: ports.filter((_, index) => open[index]),
  }
}
const nothing = { pids: [], marked: [], folder: false, ports: [] }

test.each([
  ['single', 'stays', 'SIGINT'],
  ['redlock', 'stays', 'SIGTERM'],
  ['sentinel', 'stays', 'SIGKILL'],
  ['sentinel', 'busy', 'SIGKILL'],
  ['single', 'throws', undefined],
] as const)('nothing of %s is left after a controller that %s (%s)', async (topology, then, signal) => {
  const { child, started } = await controller(topology, then)
  const gone = Promise.all([exited(child), takeOver(started)])
  if (signal) {
    const before = await left(started)
    expect(before.pids).toEqual(started.pids)
    expect(before.ports).toEqual(started.ports)
    // Nodes, Toxiproxy, the shell and its two grandchildren in groups of their own.
    await until(() => marked(started.id).length >= started.pids.length + 3)
    child.kill(signal)
  }
  await gone
  await sleep(2000)
  expect(await left(started)).toEqual(nothing)
})

test('paused nodes and whatever ignores SIGTERM die all the same', async () => {
  const { child, started } = await controller('single', 'stays')
  for (const pid of started.pids) process.kill(pid, 'SIGSTOP')
  const taken = takeOver(started)
  child.kill('SIGKILL')
  await taken
  await until(async () => JSON.stringify(await left(started)) === JSON.stringify(nothing))
})

test('the end in order takes grandchildren along, and the folder', async () => {
  const children = await Children.open()
  const shell = children.spawn('sh', ['-c', 'setsid sleep 600 & echo started; wait'], {
    name: 'shell',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  await once(shell.stdout!, 'data')
  await until(() => marked(children.id).length >= 2)
  await children[Symbol.asyncDispose]()
  await children[Symbol.asyncDispose]()
  expect(marked(children.id)).toEqual([])
  expect(existsSync(children.folder)).toBe(false)
  expect(() => children.spawn('true', [], { name: 'late' })).toThrow('the drill is over')
})

test('stop asks first, and kills what does not listen', async () => {
  await using children = await Children.open()
  const polite = children.spawn('sh', ['-c', 'trap "exit 7" TERM; echo ready; while :; do sleep 0.01; done'], {
    name: 'polite',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const stubborn = children.spawn('sh', ['-c', 'trap "" TERM; echo ready; while :; do sleep 0.01; done'], {
    name: 'stubborn',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  await Promise.all([polite, stubborn].map((child) => once(child.stdout!, 'data')))
  await Promise.all([children.stop(polite, { graceMs: 30_000 }), children.stop(stubborn, { graceMs: 100 })])
  expect(polite.exitCode).toBe(7)
  expect(stubborn.signalCode).toBe('SIGKILL')
})

test('a program that is not there is an error in one sentence', async () => {
  await using children = await Children.open()
  expect(() => children.spawn('/no/such/program', [], { name: 'redis-1' })).toThrow(
    'cannot start redis-1: is /no/such/program there and executable?',
  )
})
