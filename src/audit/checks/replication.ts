import { fieldsOf } from '../../live/info.ts'
import { numberOf, type Facts } from '../facts.ts'
import { counted, humanBytes } from '../words.ts'
import type { Check, Finding } from './check.ts'

const lagMaxBytes = 1024 * 1024

export const replication = {
  name: 'replication',
  title: 'What a failover, or a primary that is cut off, does to locks',
  docs: 'A primary that nobody follows any more goes on granting locks, while the others have promoted another (split brain): min-replicas-to-write ends that. A replica that is far behind is promoted without the last locks. A node that is itself a replica is no place to take locks at. Medium; high for a replica that is written to.',
  look: (facts) => (facts.info.get('role') === 'slave' ? replica(facts) : primary(facts)),
} satisfies Check

function replica({ info }: Facts): Finding[] {
  const down = info.get('master_link_status') === 'down'
  const writable = info.get('slave_read_only') === '0'
  return [
    {
      severity: writable ? 'high' : 'medium',
      message: `this node is a replica${writable ? ' that accepts writes: a lock taken here is no lock' : ', which takes no locks'}${down ? ', and has lost its primary' : ''}`,
      evidence: [`replica of ${info.get('master_host')}:${info.get('master_port')}`],
      advice: 'Audit the primary: its own URL, or redis+sentinel://.',
    },
  ]
}

function primary({ info, config, sentinels }: Facts): Finding[] {
  const replicas = numberOf(info, 'connected_slaves') ?? 0
  const wanted = numberOf(config, 'min-replicas-to-write')
  const findings: Finding[] = []
  if ((replicas > 0 || sentinels !== undefined) && wanted === 0)
    findings.push({
      severity: 'medium',
      message: 'a primary that is cut off from its replicas goes on granting locks (min-replicas-to-write is 0)',
      evidence: [`${counted(replicas, 'replica')} connected`],
      advice:
        'min-replicas-to-write 1 and min-replicas-max-lag 10 end that within 10 s; a fence in the ledger ends it at once.',
    })
  if (sentinels !== undefined && replicas === 0)
    findings.push({
      severity: 'medium',
      message: 'no replica follows the primary: a failover has nobody to promote',
      evidence: [`${counted(sentinels.replicas, 'replica')} known to the Sentinels`],
      advice: 'Start a replica, or see why it is away.',
    })
  const offset = numberOf(info, 'master_repl_offset') ?? 0
  for (let index = 0; index < replicas; index++) {
    const told = info.get(`slave${index}`)
    if (told === undefined) continue
    const { ip, port, offset: at, state } = fieldsOf(told)
    const behind = offset - Number(at)
    if (state === 'online' && behind < lagMaxBytes) continue
    findings.push({
      severity: 'medium',
      message: `the replica ${ip}:${port} is ${state === 'online' ? `${humanBytes(behind)} behind` : `not in step (${state})`}: promoted now, it would not know the newest locks`,
      evidence: [`slave${index}:${told}`],
      advice: 'See its network and disk; WAIT 1 after taking a lock shows who has it.',
    })
  }
  return findings
}
