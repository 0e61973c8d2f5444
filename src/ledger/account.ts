import { readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/** The account that Postgres runs under; `undefined` for our own. */
export type Account = { uid: number; gid: number } | undefined

/**
 * Postgres refuses to run as root, on purpose. As root (a container, a CI job) it gets the account `postgres` where there is one, else
 * `nobody`; as anybody else it runs as ourselves.
 */
export function unprivilegedAccount(): Account {
  if (process.getuid?.() !== 0) return undefined
  const accounts = readFileSync('/etc/passwd', 'utf8').split('\n')
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = accounts.find((line) => line.startsWith(`${name}:`))?.split(':') ?? []
    // macOS gives nobody the number -2.
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 }
  }
  return { uid: 65_534, gid: 65_534 }
}

/** Whether the account may enter the folder and all folders above it: a clone under /root is out of everybody's reach but root's. */
export function reachable(folder: string, account: Account): boolean {
  if (account === undefined) return true
  for (let path = folder; ; path = dirname(path)) {
    const { mode, uid, gid } = statSync(path)
    const execute = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001
    if ((mode & execute) === 0) return false
    if (path === dirname(path)) return true
  }
}
