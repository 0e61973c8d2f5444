import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { mustRun, SetupError, step, unfinished } from './machine.mjs'
import { nodePath } from './node.mjs'
import { fetchedFile, finders, findOnPath, versions } from './tools.mjs'

/**
 * A program that no package manager has everywhere: built by Go, else out of its Docker image, else its release. It is kept in the cache.
 *
 * @param program `name`, `home` (where a person gets it), `versionArgs` (what it answers to), `go` (`module`: its folder in tools/,
 * `package`, `ldflags`, `about`), `image` and `inImage` (its path there), `release`: `base` (laid out as GitHub's), `mirror` (the variable
 * that names another one), `sums`, `asset(machine)`, and `unpack(machine, file, folder)` where the asset is an archive; that resolves to the
 * program's file
 */
export function fetched(program) {
  const { name, home } = program
  const version = versions[name]
  const ways = waysTo(program)
  return {
    name,
    present: (machine) => finders[name](machine) !== undefined,
    obstacle: () => undefined,
    async obtain(machine) {
      const failures = []
      for (const way of ways) {
        if (!(await way.isPossible(machine))) continue
        try {
          return await step(machine, way.doing, way.about, () => fetchInto(machine, program, way.fetch))
        } catch (error) {
          if (!(error instanceof SetupError)) throw error
          machine.say(`${way.doing}: that failed`)
          failures.push(error.message)
        }
      }
      throw new SetupError(
        `${name} ${version} cannot be fetched; put it on PATH from ${home}, or install Go and try again\n${failures.join('\n')}`,
      )
    },
  }
}

const waysTo = ({ name, go }) => [
  {
    doing: `building ${name} ${versions[name]} with Go`,
    about: go.about,
    isPossible: ({ env }) => findOnPath('go', env) !== undefined,
    fetch: buildWithGo,
  },
  {
    doing: `copying ${name} ${versions[name]} out of its Docker image`,
    about: '15 s',
    // The image's program is for Linux. A client without an engine is common: ask it, but not for long.
    isPossible: async ({ env, platform, run }) =>
      platform === 'linux' &&
      findOnPath('docker', env) !== undefined &&
      (await run('docker', ['version', '--format', '{{.Server.Version}}'], { env, timeoutMs: 5000 })).code === 0,
    fetch: copyFromImage,
  },
  { doing: `downloading ${name} ${versions[name]}`, about: '5 s', isPossible: () => true, fetch: download },
]

/** Under another name until it is whole and answers: nobody ever finds half a program. */
async function fetchInto(machine, program, fetch) {
  const kept = fetchedFile(program.name, machine)
  mkdirSync(join(machine.cache, 'bin'), { recursive: true })
  const folder = mkdtempSync(join(machine.cache, unfinished))
  try {
    const file = await fetch(machine, program, folder)
    chmodSync(file, 0o755)
    await mustRun(machine, file, program.versionArgs)
    renameSync(file, kept)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** From a go.mod of ours that requires it, because `go install` of a path asks that path's own web server, not only the module proxy. */
async function buildWithGo(machine, { name, go }, folder) {
  const file = join(folder, name)
  await mustRun(
    machine,
    'go',
    [
      'build',
      '-mod=mod',
      '-buildvcs=false',
      '-trimpath',
      `-ldflags=-s -w ${go.ldflags}`.trim(),
      `-o=${file}`,
      go.package,
    ],
    { cwd: join(machine.folder, 'tools', go.module), env: machine.env },
  )
  return file
}

async function copyFromImage(machine, { name, image, inImage }, folder) {
  const { env } = machine
  const file = join(folder, name)
  const output = await mustRun(machine, 'docker', ['create', `${image}:${versions[name]}`], { env })
  const container = output.trim().split('\n').at(-1)
  try {
    await mustRun(machine, 'docker', ['cp', `${container}:${inImage}`, file], { env })
  } finally {
    await machine.run('docker', ['rm', container], { env })
  }
  return file
}

async function download(machine, { name, release }, folder) {
  const base = `${machine.env[release.mirror] ?? release.base}/v${versions[name]}`
  const asset = release.asset(machine)
  const file = join(folder, asset)
  const sums = join(folder, release.sums)
  await get(machine, `${base}/${release.sums}`, sums)
  await get(machine, `${base}/${asset}`, file)
  const line = readFileSync(sums, 'utf8')
    .split('\n')
    .find((each) => each.trim().split(/\s+\*?/)[1] === asset)
  const found = createHash('sha256').update(readFileSync(file)).digest('hex')
  if (line?.trim().split(/\s+/)[0] !== found)
    throw new SetupError(`${base}/${asset} is not what its ${release.sums} says (sha256 ${found})`)
  return release.unpack === undefined ? file : release.unpack(machine, file, folder)
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

/** The word of Go and of most releases for this machine's processor. */
export const goArch = ({ arch }) => (arch === 'x64' ? 'amd64' : arch)
