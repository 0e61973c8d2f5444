/**
 * Many storms: `node test/storm.ts [--seeds 50] [--from 1] [--topology single,sentinel,redlock] [--faults 50] [--seconds 20] [--jobs 1]`.
 * Exit code 1 where one hung, ended in no verdict, or left something behind. Nobody is interested in which verdict it was.
 */
import { parseArgs } from 'node:util'
import { inParallel } from '../src/lib/in-parallel.ts'
import type { TopologyKind } from '../src/locks/lock.ts'
import { topologyKinds } from '../src/plan/scenario.ts'
import { complaintAbout, weather } from './support/weather.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '50' },
    from: { type: 'string', default: '1' },
    topology: { type: 'string', default: topologyKinds.join(',') },
    faults: { type: 'string', default: '50' },
    seconds: { type: 'string', default: '20' },
    jobs: { type: 'string', default: '1' },
  },
})
const storms = values.topology.split(',').flatMap((topology) =>
  Array.from({ length: Number(values.seeds) }, (_, index) => ({
    topology: topology as TopologyKind,
    seed: Number(values.from) + index,
    faults: Number(values.faults),
    durationMs: Number(values.seconds) * 1000,
  })),
)
let bad = 0
for await (const { storm, weathered } of inParallel(storms, Number(values.jobs), async (storm) => ({
  storm,
  weathered: await weather(storm),
}))) {
  const complaint = complaintAbout(weathered)
  if (complaint !== undefined) bad++
  const { report, faults, tookMs } = weathered
  const landed = report?.faults.filter((fault) => fault.landed).length ?? 0
  const unhealed = report?.faults.filter((fault) => fault.landed && fault.healedAtMs === null) ?? []
  console.log(
    `${complaint ? '✗' : '✓'} ${storm.topology} seed ${storm.seed}: ${report?.verdict ?? 'no verdict'}, ${landed} of ${faults} faults landed, ${(tookMs / 1000).toFixed(1)} s` +
      unhealed.map(({ fault, target, proof }) => `\n    ${fault} ${target}: ${proof}`).join('') +
      (complaint ? `\n    ${complaint}` : ''),
  )
}
console.log(`${storms.length - bad} of ${storms.length} storms ended in a verdict and left nothing behind`)
process.exitCode = bad > 0 ? 1 : 0
