import { Option, type Command, type OptionValues } from '@commander-js/extra-typings'

export const urlHelp =
  'redis://[user:password@]host[:port][/database], rediss:// for TLS, redis+sentinel://host:port,host:port/group'

/** The options of every command that takes the URL of a live Redis. Their values are TlsFiles (target.ts). */
export const withTls = <Args extends unknown[], Options extends OptionValues, Globals extends OptionValues>(
  command: Command<Args, Options, Globals>,
) =>
  command
    .addOption(new Option('--tls-ca <file>', 'rediss://: the certificate of the authority that vouches for Redis'))
    .addOption(new Option('--tls-cert <file>', 'rediss://: our own certificate, where Redis asks for one'))
    .addOption(new Option('--tls-key <file>', 'rediss://: its key'))
    .addOption(new Option('--tls-insecure', 'rediss://: take any certificate'))
