const capNs = 250_000_000
const keepSamples = 1000

/** How late a line of the program's may be read: the 99th percentile of its pings, at most 250 ms, which is also what a program without pongs gets. */
export function pipeLag(): { add(ns: number): void; ns(): number; samples(): number } {
  const samples: number[] = []
  let known: number | undefined
  return {
    add(ns) {
      samples.push(ns)
      if (samples.length > keepSamples) samples.shift()
      known = undefined
    },
    ns() {
      if (known === undefined) {
        const sorted = samples.toSorted((a, b) => a - b)
        known = Math.min(capNs, sorted[Math.ceil(sorted.length * 0.99) - 1] ?? capNs)
      }
      return known
    },
    samples: () => samples.length,
  }
}
