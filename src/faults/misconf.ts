import type { Redis } from 'ioredis'
import { z } from 'zod'
import { eachNode } from './each-node.ts'
import { nothingDone, type Fault } from './fault.ts'
import { refusalOfWrite } from './filler.ts'
import { poll } from './poll.ts'
import { changeSettings, settingOf } from './settings.ts'

const parameters = z.strictObject({})

const saveMs = 10_000

export const misconf = {
  name: 'misconf',
  title: 'A snapshot really fails, and the node refuses writes (MISCONF)',
  docs: `Redis' default: after a failed BGSAVE it takes no more writes (\`stop-writes-on-bgsave-error\`), because it can promise nothing any more; a full disk at night is how
one meets it. A directory is put where the snapshot file belongs, so that the save really fails, also for root. Every write is refused, DEL and PEXPIRE as well, and so is PING: a lock can neither
be taken nor released nor extended, and only reads go on. At the heal the directory goes and a BGSAVE succeeds. Landed when the failed save is in
INFO and a write by the harness is refused with MISCONF.`,
  group: 'nodes',
  onProcess: true,
  color: '#5d4037',
  parameters,
  defaultTarget: 'primary',
  inject: (target, _parameters, stage) =>
    eachNode(target, async (node) => {
      const { pid } = node
      const admin = stage.cluster.admin(node.name)
      const file = await settingOf(admin, 'dbfilename')
      const unblock = await node.obstruct(file)
      if (unblock === undefined) return nothingDone(`the snapshots of ${node.name} fail already`)
      let restore = () => Promise.resolve()
      const heal = async () => {
        await unblock()
        const dead = node.pid !== pid || (await node.state()) === 'down'
        const succeeded = dead || (await saved(admin, 'ok'))
        await restore()
        if (!succeeded) throw new Error(`a BGSAVE of ${node.name} still fails`)
        const still = dead ? undefined : await refusalOfWrite(admin)
        // What is refused for another reason is another fault's business.
        if (isMisconf(still)) throw new Error(`${node.name} still refuses writes: ${still}`)
      }
      try {
        restore = await changeSettings(node, admin, {
          'stop-writes-on-bgsave-error': 'yes',
          // Writes stop only where snapshots are asked for; this one never comes by itself.
          save: '86400 1000000000',
        })
        const failed = await saved(admin, 'err')
        const refusal = await refusalOfWrite(admin)
        return {
          landed: failed && isMisconf(refusal),
          proof: [
            failed
              ? `a BGSAVE of ${node.name} failed (rdb_last_bgsave_status:err)`
              : `the BGSAVE of ${node.name} did not fail`,
            refusal === undefined ? 'it still takes writes' : `it refuses a write: ${refusal}`,
          ].join(', '),
          heal,
        }
      } catch (error) {
        await heal().catch(() => {})
        throw error
      }
    }),
} satisfies Fault<typeof parameters>

/** Asks for a snapshot and waits for its outcome; → whether it is the one that was meant. */
async function saved(admin: Redis, outcome: 'ok' | 'err'): Promise<boolean> {
  let asked = false
  return poll(saveMs, undefined, async () => {
    // Not taken while a script runs, or another child of the node's.
    asked ||= await admin.bgsave().then(
      () => true,
      () => false,
    )
    const info = await admin.info('persistence')
    if (!asked || !/^rdb_bgsave_in_progress:0/m.test(info)) return false
    // Another one may have ended meanwhile, as it began before.
    asked = info.includes(`rdb_last_bgsave_status:${outcome}`)
    return asked
  })
}

const isMisconf = (refusal: string | undefined) => refusal !== undefined && /^(\S+ )?MISCONF /.test(refusal)
