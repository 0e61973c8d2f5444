import { join } from 'node:path'
import { fetched, goArch } from './fetched.mjs'
import { mustRun } from './machine.mjs'
import { versions } from './tools.mjs'

const version = versions.k6
const system = ({ platform }) => (platform === 'darwin' ? 'macos' : platform)
const nameOf = (machine) => `k6-v${version}-${system(machine)}-${goArch(machine)}`

/** Only where it is asked for: `--load k6`, and the tests. */
export const k6 = fetched({
  name: 'k6',
  versionArgs: ['version'],
  home: 'https://github.com/grafana/k6/releases',
  go: { module: 'k6', package: 'go.k6.io/k6/v2', ldflags: '', about: '60 s' },
  image: 'grafana/k6',
  inImage: '/usr/bin/k6',
  release: {
    base: 'https://github.com/grafana/k6/releases/download',
    mirror: 'PICKLOCK_K6_RELEASES',
    sums: `k6-v${version}-checksums.txt`,
    asset: (machine) => `${nameOf(machine)}.${machine.platform === 'darwin' ? 'zip' : 'tar.gz'}`,
    // The tar of a Mac reads zip files, too.
    async unpack(machine, file, folder) {
      await mustRun(machine, 'tar', ['-xf', file, '-C', folder], { env: machine.env })
      return join(folder, nameOf(machine), 'k6')
    },
  },
})
