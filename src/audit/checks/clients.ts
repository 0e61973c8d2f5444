import { numberOf } from '../facts.ts'
import { counted, humanShare } from '../words.ts'
import type { Check, Finding } from './check.ts'

const nearShare = 0.8

export const clients = {
  name: 'clients',
  title: 'How near Redis is to its limit of connections, and who was turned away',
  docs: 'A server that gets no connection can neither take a lock nor give one back. High from 80 % of maxclients on, medium where connections were rejected earlier.',
  look: ({ info, config }) => {
    const connected = numberOf(info, 'connected_clients')
    const limit = numberOf(config, 'maxclients') ?? numberOf(info, 'maxclients')
    const rejected = numberOf(info, 'rejected_connections') ?? 0
    const findings: Finding[] = []
    if (connected !== undefined && limit !== undefined && connected >= limit * nearShare)
      findings.push({
        severity: 'high',
        message: `${humanShare(connected / limit)} of maxclients are connected`,
        evidence: [`${connected} of ${limit}`],
        advice: 'Find who opens connections and does not close them (CLIENT LIST), or raise maxclients.',
      })
    if (rejected > 0)
      findings.push({
        severity: 'medium',
        message: `${counted(rejected, 'connection')} ${rejected === 1 ? 'was' : 'were'} turned away since Redis started`,
        evidence: ['rejected_connections of INFO'],
        advice: 'Raise maxclients, or let servers share connections.',
      })
    return findings
  },
} satisfies Check
