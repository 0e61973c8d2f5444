import type { Tick } from '../drill.ts'
import { humanCount, humanMs } from '../reporters/text.ts'

/** Columns of the bar, which takes what the rest leaves. */
const bar = { min: 6, max: 20 }
/** The rate is that of this last while: what an outage does to it shows at once. */
const rateWindowMs = 1_000

/** `load ███░░░ 4.54 s of 12.0 s · 290 granted · 58/s · 8 held · 3 overlaps`: as much of it as fits, what matters most first. Pure. */
export function loadLine(phase: string, tick: Tick, perSecond: number | undefined, width: number): string {
  const { elapsedMs, totalMs, acquired, holding, contended, errors, damage, beside } = tick
  const pieces: Piece[] = [
    { rank: 0, text: `${humanMs(elapsedMs)} of ${humanMs(totalMs)}` },
    { rank: 2, text: `${acquired} granted` },
    { rank: 3, text: perSecond === undefined ? '' : `${humanCount(Math.round(perSecond))}/s` },
    { rank: 4, text: `${holding.length} held` },
    { rank: 6, text: contended > 0 ? `${contended} contended` : '' },
    { rank: 5, text: errors > 0 ? `${errors} errors` : '' },
    { rank: 7, text: beside ? `k6: ${beside.iterations} iterations by ${beside.vus} users` : '' },
    { rank: 5, text: beside && beside.dropped > 0 ? `${beside.dropped} dropped` : '' },
    ...damage.map((text) => ({ rank: 1, text })),
  ]
  const head = `  ${phase} `
  const rest = fitting(
    pieces.filter(({ text }) => text !== ''),
    width - 1 - head.length,
  )
  const room = Math.min(bar.max, width - 2 - head.length - rest.length)
  return head + (room < bar.min ? '' : `${barOf(elapsedMs / totalMs, room)} `) + rest
}

interface Piece {
  /** 0 matters most. */
  rank: number
  text: string
}

/** The pieces that fit, in their own order; the last of those that matter least goes first. The first piece stays in any case. */
function fitting(pieces: readonly Piece[], width: number): string {
  let left = pieces
  for (;;) {
    const line = left.map(({ text }) => text).join(' · ')
    if (line.length <= width || left.length === 1) return line
    const rankMax = Math.max(...left.map(({ rank }) => rank))
    const last = left.findLastIndex(({ rank }) => rank === rankMax)
    left = left.toSpliced(last, 1)
  }
}

function barOf(share: number, length: number): string {
  const done = Math.round(Math.min(1, Math.max(0, share)) * length)
  return '█'.repeat(done) + '░'.repeat(length - done)
}

/** Grants a second over the last while; undefined until there is one. */
export class GrantRate {
  #seen: Pick<Tick, 'elapsedMs' | 'acquired'>[] = []

  next({ elapsedMs, acquired }: Pick<Tick, 'elapsedMs' | 'acquired'>): number | undefined {
    // A new load began.
    if (elapsedMs < (this.#seen.at(-1)?.elapsedMs ?? 0)) this.#seen = []
    this.#seen.push({ elapsedMs, acquired })
    while (this.#seen.length > 2 && elapsedMs - this.#seen[1]!.elapsedMs >= rateWindowMs) this.#seen.shift()
    const first = this.#seen[0]!
    return elapsedMs > first.elapsedMs
      ? ((acquired - first.acquired) * 1000) / (elapsedMs - first.elapsedMs)
      : undefined
  }
}
