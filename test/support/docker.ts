import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { postgresFolder } from '../../scripts/dependencies.mjs'
import { thisMachine } from '../../scripts/machine.mjs'
import { finders, findOnPath } from '../../scripts/tools.mjs'

/**
 * Stand-in images for machines whose engine reaches no registry: `docker import` of small roots with what is installed here. They behave as the real ones do as far as
 * Picklock and docker-compose.yml ask: the same programs, paths, variables and users.
 */
export const images = {
  redis: 'picklock-test/redis:2',
  toxiproxy: 'picklock-test/toxiproxy:2',
  postgres: 'picklock-test/postgres:2',
}

/** For docker-compose.yml. */
export const composeEnv = Object.fromEntries(
  Object.entries(images).map(([what, image]) => [`PICKLOCK_${what.toUpperCase()}_IMAGE`, image]),
)

/** For `picklock run`. */
export const imageFlags = Object.entries(images).flatMap(([what, image]) => ['--image', `${what}=${image}`])

const machine = thisMachine()

/** Why no test can use containers here; undefined where an engine answers. */
function whyNot(): string | undefined {
  if (findOnPath('docker', process.env) === undefined) return 'docker is not installed'
  const { status } = spawnSync('docker', ['version', '--format', '{{.Server.Version}}'], {
    stdio: 'ignore',
    timeout: 10_000,
  })
  if (status !== 0) return 'no Docker engine answers'
  if (postgresFolder(machine) === undefined) return 'there is no Postgres to make an image of'
  return undefined
}

export const noDocker = whyNot()
if (noDocker !== undefined) console.warn(`SKIPPED: all tests of this file need a Docker engine, and ${noDocker}.`)

/** Tests with real containers. `npm test` starts an engine where it can; where there is none they are skipped, and counted as that. */

/** Makes the images that are not there yet. */
export function makeImages(): void {
  for (const [what, image] of Object.entries(images))
    if (spawnSync('docker', ['image', 'inspect', image], { stdio: 'ignore' }).status !== 0)
      imported(image, roots[what as keyof typeof images])
}

interface Root {
  programs: Record<string, string>
  /** Whole folders with what they need. */
  folders?: Record<string, string>
  files?: Record<string, string>
  changes: string[]
}

/** Programs that health checks, entry points and faults use. */
const shell = Object.fromEntries(
  ['sh', 'bash', 'cat', 'chmod', 'grep', 'id', 'kill', 'mkdir', 'mv', 'rm', 'rmdir', 'sleep', 'test'].map((name) => [
    `/bin/${name}`,
    `/bin/${name}`,
  ]),
)

const native = join(postgresFolder(machine) ?? '', 'native')

/** As the official image does it: a cluster is made at the first start, listening for everybody by password. */
const postgresEntry = `#!/bin/sh
set -e
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  echo "$POSTGRES_PASSWORD" > /tmp/password
  initdb -D "$PGDATA" -U "\${POSTGRES_USER:-postgres}" --pwfile=/tmp/password --auth=scram-sha-256 --no-sync --encoding=UTF8 --no-locale >/dev/null
  rm /tmp/password
  echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
  if [ "\${POSTGRES_DB:-postgres}" != postgres ]; then
    echo "CREATE DATABASE \\"$POSTGRES_DB\\";" | postgres --single -D "$PGDATA" postgres >/dev/null
  fi
fi
exec "$@" -c listen_addresses='*'
`

/** For health checks: whether somebody listens. */
const listens = (port: string) => `#!/bin/bash\nexec 3<>/dev/tcp/127.0.0.1/${port}\n`

const roots: Record<keyof typeof images, Root> = {
  redis: {
    programs: {
      ...shell,
      '/usr/local/bin/redis-server': finders['redis-server'](machine) ?? '',
      '/usr/local/bin/redis-cli': findOnPath('redis-cli', process.env) ?? '',
    },
    changes: ['CMD ["redis-server"]', 'WORKDIR /data'],
  },
  toxiproxy: {
    programs: { '/bin/bash': '/bin/bash', '/toxiproxy': finders['toxiproxy-server'](machine) ?? '' },
    files: { '/toxiproxy-cli': listens('8474'), '/etc/passwd': '' },
    changes: ['ENTRYPOINT ["/toxiproxy"]', 'CMD ["-host=0.0.0.0"]'],
  },
  postgres: {
    programs: shell,
    folders: { '/opt/postgres': native },
    files: {
      '/etc/passwd': 'postgres:x:70:70::/var/lib/postgresql:/bin/sh\n',
      '/etc/group': 'postgres:x:70:\n',
      '/usr/local/bin/docker-entrypoint.sh': postgresEntry,
      '/usr/local/bin/pg_isready': listens('5432'),
    },
    changes: [
      'ENTRYPOINT ["/usr/local/bin/docker-entrypoint.sh"]',
      'CMD ["postgres"]',
      'ENV PATH=/opt/postgres/bin:/usr/local/bin:/bin PGDATA=/var/lib/postgresql/data',
      'USER postgres',
    ],
  },
}

function imported(image: string, { programs, folders = {}, files = {}, changes }: Root): void {
  const root = mkdtempSync(join(tmpdir(), 'picklock-image-'))
  try {
    const at = (path: string) => {
      mkdirSync(join(root, dirname(path)), { recursive: true })
      return join(root, path)
    }
    for (const [to, from] of Object.entries(programs)) {
      if (from === '') throw new Error(`there is no ${basename(to)} on this machine to make ${image} of`)
      cpSync(realpathSync(from), at(to))
      for (const library of librariesOf(from)) cpSync(realpathSync(library), at(library))
    }
    for (const [to, from] of Object.entries(folders)) {
      cpSync(from, at(to), { recursive: true, verbatimSymlinks: true })
      for (const binary of ['postgres', 'initdb'])
        for (const library of librariesOf(join(from, 'bin', binary)))
          if (!library.startsWith(from)) cpSync(realpathSync(library), at(library))
    }
    for (const [to, text] of Object.entries(files)) {
      writeFileSync(at(to), text)
      chmodSync(at(to), text.startsWith('#!') ? 0o755 : 0o644)
    }
    for (const open of ['/tmp', '/data', '/var/lib/postgresql']) {
      mkdirSync(join(root, open), { recursive: true })
      chmodSync(join(root, open), 0o777)
    }
    chmodSync(root, 0o755)
    const tar = execFileSync('tar', ['-C', root, '-c', '--owner=0', '--group=0', '.'], { maxBuffer: 1024 ** 3 })
    execFileSync('docker', ['import', ...changes.flatMap((change) => ['--change', change]), '-', image], {
      input: tar,
      stdio: ['pipe', 'ignore', 'inherit'],
    })
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

/** The shared objects that the loader finds for a program, itself among them; none for one that is linked statically. */
function librariesOf(file: string): string[] {
  const { stdout } = spawnSync('ldd', [file], { encoding: 'utf8' })
  return stdout
    .split('\n')
    .flatMap((line) => /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1] ?? [])
    .filter((library) => existsSync(library))
}

/** `node test/support/docker.ts`: makes them, and prints the flags. */
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  makeImages()
  process.stdout.write(`${imageFlags.join(' ')}\n`)
}
