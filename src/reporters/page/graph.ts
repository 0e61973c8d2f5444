import type { Plan } from '../../plan/scenario.ts'
import { Markup, markup } from '../markup.ts'
import type { Report } from '../report.ts'

/**
 * The topology as a small picture: servers on the left, Redis on the right, a line for each link; what a fault was on is dashed, thick and has the
 * number of the fault in the list below it.
 */
const boxWidth = 118
const boxHeight = 34
const step = 52
const leftX = 20
const rightX = 420
const sentinelX = 640

interface Box {
  name: string
  x: number
  y: number
  note: string
}

export function topologyGraph(report: Report, plan: Plan): Markup {
  const redis = redisNames(plan)
  const sentinels = plan.topology.kind === 'sentinel' ? names('sentinel', plan.topology.sentinels) : []
  const servers = names('server', plan.servers)
  const rows = Math.max(servers.length, redis.length, sentinels.length)
  const height = rows * step + 20
  const column = (list: string[], x: number, note: (index: number) => string): Box[] =>
    list.map((name, index) => ({
      name,
      x,
      y: 14 + ((index + 0.5) * (height - 20)) / list.length - boxHeight / 2,
      note: note(index),
    }))
  const boxes = {
    servers: column(servers, leftX, () => plan.lock.name),
    redis: column(redis, rightX, (index) => roleOf(plan, index)),
    sentinels: column(sentinels, sentinelX, () => 'watches'),
  }
  const hit = (test: (target: string) => boolean) =>
    report.faults.flatMap(({ target, landed }, index) => (landed && target.split(', ').some(test) ? [index + 1] : []))
  const links = boxes.servers.flatMap((from) =>
    boxes.redis.map((to) => {
      const faults = hit((target) => [`${from.name}→${to.name}`, `servers→${to.name}`].includes(target))
      return link(from.x + boxWidth, from.y, to.x, to.y, `${from.name}→${to.name}`, faults)
    }),
  )
  const replication = boxes.redis.slice(1).map((to, index) => {
    const from = boxes.redis[0]!
    const faults = hit((target) => target === `cluster→${from.name}` || target === `cluster→${to.name}`)
    return plan.topology.kind === 'sentinel' && cluster(from, to, index, faults)
  })
  const watching = boxes.sentinels.flatMap((from) =>
    boxes.redis.map((to) => link(from.x, from.y, to.x + boxWidth, to.y, `${from.name} watches ${to.name}`, [])),
  )
  const all = [...boxes.servers, ...boxes.redis, ...boxes.sentinels]
  const label = `${servers.length} servers, ${redis.length} Redis nodes${sentinels.length > 0 ? `, ${sentinels.length} Sentinels` : ''}; every server has a link of its own to every node`
  return markup`<svg class="graph" viewBox="0 0 780 ${Math.round(height)}" role="img" aria-label="${label}">
${links}${watching}${replication}
${all.map((box) =>
  drawBox(
    box,
    hit((target) => target === box.name),
  ),
)}
</svg>
${report.faults.length > 0 && markup`<ol class="dim">${report.faults.map(({ fault, target, landed }) => markup`<li>${fault} on ${target}${!landed && ', which did not land'}</li>`)}</ol>`}`
}

const names = (kind: string, count: number) => Array.from({ length: count }, (_, index) => `${kind}-${index + 1}`)

function redisNames({ topology }: Plan): string[] {
  if (topology.kind === 'redlock') return names('redis', topology.nodes)
  return names('redis', topology.kind === 'sentinel' ? 1 + topology.replicas : 1)
}

function roleOf({ topology }: Plan, index: number): string {
  if (topology.kind !== 'sentinel') return topology.kind === 'redlock' ? 'independent' : 'Redis'
  return index === 0 ? 'primary at first' : 'replica at first'
}

const middle = (y: number) => n(y + boxHeight / 2)
const n = (value: number) => Number(value.toFixed(1))

function link(x1: number, y1: number, x2: number, y2: number, name: string, faults: number[]): Markup {
  return markup`<g><title>${name}${faults.length > 0 && `: fault ${faults.join(', ')}`}</title><line class="${faults.length > 0 ? 'link hit' : 'link'}" x1="${n(x1)}" y1="${middle(y1)}" x2="${n(x2)}" y2="${middle(y2)}"/>${faults.length > 0 && markup`<text class="hit" x="${n(x1 + (x2 - x1) * 0.35)}" y="${n(y1 + (y2 - y1) * 0.35 + boxHeight / 2 - 5)}">⚡ ${faults.join(', ')}</text>`}</g>`
}

/** From the primary to each replica, beside each other, behind the boxes between them. */
function cluster(from: Box, to: Box, index: number, faults: number[]): Markup {
  const x = n(from.x + 14 + index * 18)
  const [y1, y2] = [n(from.y + boxHeight), n(to.y)]
  return markup`<g><title>replication, over the cluster links</title><line class="${faults.length > 0 ? 'link hit' : 'link'}" x1="${x}" y1="${y1}" x2="${x}" y2="${y2}"/><text class="${faults.length > 0 ? 'hit' : 'small'}" x="${x + 6}" y="${n(y2 - 7)}">${faults.length > 0 && `⚡ ${faults.join(', ')} `}replication</text></g>`
}

function drawBox({ name, x, y, note }: Box, faults: number[]): Markup {
  return markup`<g><rect class="${faults.length > 0 ? 'box hit' : 'box'}" x="${x}" y="${n(y)}" width="${boxWidth}" height="${boxHeight}" rx="5"/><text x="${x + 8}" y="${n(y + 14)}">${name}${faults.length > 0 && ` ⚡ ${faults.join(', ')}`}</text><text class="small" x="${x + 8}" y="${n(y + 28)}">${note.length > 19 ? `${note.slice(0, 18)}…` : note}</text></g>`
}
