import { fetched, goArch } from './fetched.mjs'
import { versions } from './tools.mjs'

export const toxiproxy = fetched({
  name: 'toxiproxy-server',
  versionArgs: ['--version'],
  home: 'https://github.com/Shopify/toxiproxy/releases',
  go: {
    module: 'toxiproxy',
    package: 'github.com/Shopify/toxiproxy/v2/cmd/server',
    ldflags: `-X github.com/Shopify/toxiproxy/v2.Version=${versions['toxiproxy-server']}`,
    about: '30 s',
  },
  image: 'ghcr.io/shopify/toxiproxy',
  inImage: '/toxiproxy',
  release: {
    base: 'https://github.com/Shopify/toxiproxy/releases/download',
    mirror: 'PICKLOCK_TOXIPROXY_RELEASES',
    sums: 'checksums.txt',
    asset: (machine) => `toxiproxy-server-${machine.platform}-${goArch(machine)}`,
  },
})
