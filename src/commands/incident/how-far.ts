import { join } from 'node:path'
import { tellsSomething, wasCutOff } from '../../incident/outcome.ts'
import type { Played } from '../play.ts'
import type { IncidentDrill } from './plans.ts'

/** As a doubt is told: a sentence can carry so many. */
const reasonsMax = 3

export const nameOf = ({ of }: IncidentDrill): string =>
  of === 'incident' ? 'the incident' : `${of.measure}${of.side === 'before' ? ', without it' : ''}`

/** Where not all drills ran to their end, or the incident’s told nothing: what there is, what there is not, and how it goes on. */
export function howFar({
  out,
  drills,
  played,
  interrupted,
}: {
  out: string
  drills: readonly IncidentDrill[]
  played: readonly Played[]
  interrupted: boolean
}): string | undefined {
  const reportOf = (index: number) => played.find((each) => each.index === index)?.report
  const named = (which: (index: number) => boolean) => drills.filter((_, index) => which(index)).map(nameOf)
  const notRun = named((index) => reportOf(index) === undefined)
  const cutOff = named((index) => reportOf(index) !== undefined && wasCutOff(reportOf(index)!))
  const incident = reportOf(0)
  const again = 'picklock incident new with --force begins again'
  if (notRun.length + cutOff.length > 0) {
    const whole = named((index) => reportOf(index) !== undefined && !wasCutOff(reportOf(index)!))
    const parts = [
      ...(whole.length > 0 ? [`run to the end: ${whole.join(', ')}`] : []),
      ...(cutOff.length > 0 ? [`cut off: ${cutOff.join(', ')}`] : []),
      ...(notRun.length > 0 ? [`not run: ${notRun.join(', ')}`] : []),
    ]
    const kept =
      incident === undefined
        ? `nothing could be measured, and there is no post-mortem; the scenario is ${join(out, 'scenario.yaml')}`
        : `the post-mortem tells of what was measured; ${again}`
    return `${interrupted ? 'interrupted; ' : ''}${parts.join('; ')}; ${kept}`
  }
  if (incident === undefined || tellsSomething(incident)) return undefined
  return `the incident’s drill could tell nothing: ${incident.unknownBecause.slice(0, reasonsMax).join('; ')}; the post-mortem says so too, and ${again} (a higher --rate, a longer --duration)`
}
