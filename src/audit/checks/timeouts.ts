import { numberOf } from '../facts.ts'
import { counted } from '../words.ts'
import type { Check, Finding } from './check.ts'

export const timeouts = {
  name: 'timeouts',
  title: 'Settings that close the connections of servers, or keep those of dead ones',
  docs: '`timeout` closes a connection that is idle: the next acquire of a quiet server fails or waits for a reconnect. Without tcp-keepalive the connections of a server that died stay until maxclients is reached. Low.',
  look: ({ config }) => {
    const idle = numberOf(config, 'timeout') ?? 0
    const keepalive = numberOf(config, 'tcp-keepalive')
    const findings: Finding[] = []
    if (idle > 0)
      findings.push({
        severity: 'low',
        message: `Redis closes connections that are idle for ${counted(idle, 'second')}`,
        evidence: [`timeout ${idle}`],
        advice:
          'timeout 0, or a client that pings; the next acquire of a quiet server otherwise meets a closed connection.',
      })
    if (keepalive === 0)
      findings.push({
        severity: 'low',
        message: 'the connections of servers that died stay open (tcp-keepalive 0)',
        evidence: ['tcp-keepalive 0'],
        advice: 'tcp-keepalive 300, which is the default.',
      })
    return findings
  },
} satisfies Check
