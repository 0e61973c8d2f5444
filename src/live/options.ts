import { Option } from '@commander-js/extra-typings'

/** The options of every command that takes the URL of a live Redis, for `.addOption`. Their values are TlsFiles (target.ts). */
export const tlsOptions = {
  ca: new Option('--tls-ca <file>', 'rediss://: the certificate of the authority that vouches for Redis'),
  cert: new Option('--tls-cert <file>', 'rediss://: our own certificate, where Redis asks for one'),
  key: new Option('--tls-key <file>', 'rediss://: its key'),
  insecure: new Option('--tls-insecure', 'rediss://: take any certificate'),
}

export const urlHelp =
  'redis://[user:password@]host[:port][/database], rediss:// for TLS, redis+sentinel://host:port,host:port/group'
