import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { mustRun, SetupError, step, unfinished } from './machine.mjs'
import { nodePath } from './node.mjs'
import { finders, findOnPath } from './tools.mjs'

/** toxiproxy-server, which no package manager has everywhere: built by Go, else out of its Docker image, else its release. */
const version = '2.12.0'

export const toxiproxy = {
  name: 'toxiproxy-server',
  present: (machine) => finders['toxiproxy-server'](machine) !== undefined,
  obstacle: () => undefined,
  async obtain(machine) {
    const failures = []
    for (const way of ways) {
      if (!(await way.isPossible(machine))) continue
      try {
        return await step(machine, way.doing, way.about, () => fetchInto(machine, way.fetch))
      } catch (error) {
        if (!(error instanceof SetupError)) throw error
        machine.say(`${way.doing}: that failed`)
        failures.push(error.message)
      }
    }
    throw new SetupError(
      `toxiproxy-server cannot be fetched; put it on PATH from https://github.com/Shopify/toxiproxy/releases, or install Go and try again\n${failures.join('\n')}`,
    )
  },
}

const ways = [
  {
    doing: `building toxiproxy-server ${version} with Go`,
    about: '30 s',
    isPossible: ({ env }) => findOnPath('go', env) !== undefined,
    fetch: buildWithGo,
  },
  {
    doing: `copying toxiproxy-server ${version} out of its Docker image`,
    about: '15 s',
    // The image's program is for Linux. A client without an engine is common: ask it, but not for long.
    isPossible: async ({ env, platform, run }) =>
      platform === 'linux' &&
      findOnPath('docker', env) !== undefined &&
      (await run('docker', ['version', '--format', '{{.Server.Version}}'], { env, timeoutMs: 5000 })).code === 0,
    fetch: copyFromImage,
  },
  { doing: `downloading toxiproxy-server ${version}`, about: '5 s', isPossible: () => true, fetch: download },
]

/** Under another name until it is whole and answers: nobody ever finds half a program. */
async function fetchInto(machine, fetch) {
  const bin = join(machine.cache, 'bin')
  mkdirSync(bin, { recursive: true })
  const folder = mkdtempSync(join(machine.cache, unfinished))
  try {
    const file = join(folder, 'toxiproxy-server')
    await fetch(machine, file, folder)
    chmodSync(file, 0o755)
    await mustRun(machine, file, ['--version'])
    renameSync(file, join(bin, 'toxiproxy-server'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** From a go.mod of ours that requires it, because `go install` of a path asks that path's own web server, not only the module proxy. */
async function buildWithGo(machine, file) {
  await mustRun(
    machine,
    'go',
    [
      'build',
      '-mod=mod',
      '-buildvcs=false',
      '-trimpath',
      `-ldflags=-s -w -X github.com/Shopify/toxiproxy/v2.Version=${version}`,
      `-o=${file}`,
      'github.com/Shopify/toxiproxy/v2/cmd/server',
    ],
    { cwd: join(machine.folder, 'tools', 'toxiproxy'), env: machine.env },
  )
}

async function copyFromImage(machine, file) {
  const { env } = machine
  const output = await mustRun(machine, 'docker', ['create', `ghcr.io/shopify/toxiproxy:${version}`], { env })
  const container = output.trim().split('\n').at(-1)
  try {
    await mustRun(machine, 'docker', ['cp', `${container}:/toxiproxy`, file], { env })
  } finally {
    await machine.run('docker', ['rm', container], { env })
  }
}

/** PICKLOCK_TOXIPROXY_RELEASES names a mirror of the releases, laid out as GitHub's. */
async function download(machine, file, folder) {
  const base = machine.env.PICKLOCK_TOXIPROXY_RELEASES ?? 'https://github.com/Shopify/toxiproxy/releases/download'
  const asset = `toxiproxy-server-${machine.platform}-${machine.arch === 'x64' ? 'amd64' : machine.arch}`
  const sums = join(folder, 'checksums.txt')
  await get(machine, `${base}/v${version}/checksums.txt`, sums)
  await get(machine, `${base}/v${version}/${asset}`, file)
  const line = readFileSync(sums, 'utf8')
    .split('\n')
    .find((each) => each.trim().split(/\s+\*?/)[1] === asset)
  const found = createHash('sha256').update(readFileSync(file)).digest('hex')
  if (line?.trim().split(/\s+/)[0] !== found)
    throw new SetupError(`${base}/v${version}/${asset} is not what its checksums.txt says (sha256 ${found})`)
}

/** In a process of the new Node, which takes HTTP_PROXY and its siblings from the environment if told so. */
async function get(machine, url, file) {
  const env = { ...machine.env, NODE_USE_ENV_PROXY: '1' }
  const { code, output } = await machine.run(
    nodePath(machine),
    [join(machine.folder, 'scripts', 'download.mjs'), url, file],
    { env },
  )
  if (code !== 0) throw new SetupError(`downloading ${url} failed: ${output.trim()}`)
}
