/**
 * How much two things differ that were measured in pairs, by ranks: Wilcoxon's signed-rank test, which is the sign-flip permutation
 * test on ranks, with its exact distribution, and the estimate and interval that belong to it (Hodges, Lehmann 1963). Nothing is assumed of the
 * differences but that chance would let each of them fall to either side alike; one wild pair weighs no more than the largest rank. Pure, and without chance
 * of its own: the same pairs give the same answer.
 *
 * Hollander, Wolfe, Chicken: Nonparametric Statistical Methods, chapter 3.
 */
export interface Shift {
  /** Pairs. */
  pairs: number
  /** Hodges-Lehmann: the median of all means of two differences. */
  estimate: number
  /** Below `lower` it is, or above `upper`, with a probability of at most 1 − `confidence` each. −∞ and ∞ where there are too few pairs to say it. */
  lower: number
  upper: number
  /** How probable differences that lie so far above zero would be if nothing differed (one-sided). */
  pAbove: number
}

/** One-sided, of each bound. */
const confidence = 0.95

/** Pairs beyond this cost memory for nothing: n⁴ steps. */
const pairsMax = 200

/** NaN for the estimate of no pairs. */
export function shiftOf(differences: readonly number[]): Shift {
  if (differences.length > pairsMax) throw new RangeError(`${differences.length} pairs are more than ${pairsMax}`)
  const means = walshAverages(differences)
  const cut = boundRank(differences.length)
  return {
    pairs: differences.length,
    estimate: median(means),
    lower: means[cut - 1] ?? -Infinity,
    upper: means[means.length - cut] ?? Infinity,
    pAbove: probabilityAbove(differences),
  }
}

/** Of a middle half: as sure as a mean where nothing disturbs, as unmoved as a median where something does. NaN of nothing. */
export function midMean(ascending: ArrayLike<number>): number {
  const from = Math.floor(ascending.length / 4)
  const to = ascending.length - from
  let sum = 0
  for (let i = from; i < to; i++) sum += ascending[i]!
  return sum / (to - from)
}

/** Of ascending values; the mean of the two in the middle where their number is even. */
export function median(ascending: readonly number[]): number {
  const middle = ascending.length / 2
  return (ascending[Math.ceil(middle) - 1]! + ascending[Math.floor(middle)]!) / 2
}

/** The means of all pairs of differences, each with itself too, ascending. */
function walshAverages(differences: readonly number[]): number[] {
  const means = differences.flatMap((one, i) => differences.slice(i).map((other) => (one + other) / 2))
  return means.sort((a, b) => a - b)
}

/** P(W ≥ w) of the sum of the ranks of the positive differences. Zeros say nothing and are left out; equal sizes share their ranks. */
function probabilityAbove(differences: readonly number[]): number {
  const told = differences.filter((difference) => difference !== 0).sort((a, b) => Math.abs(a) - Math.abs(b))
  const doubled = doubledRanks(told.map(Math.abs))
  const sum = told.reduce((total, difference, i) => total + (difference > 0 ? doubled[i]! : 0), 0)
  const distribution = sumDistribution(doubled)
  return distribution.slice(sum).reduce((total, probability) => total + probability, 0)
}

/** Twice the ranks of ascending sizes: shared ranks are whole then. */
function doubledRanks(sizes: readonly number[]): number[] {
  return sizes.map((size) => sizes.indexOf(size) + sizes.lastIndexOf(size) + 2)
}

/** How probable each sum of some of these numbers is where each is in it or not by the toss of a coin. */
function sumDistribution(numbers: readonly number[]): number[] {
  const probabilities = new Array<number>(numbers.reduce((sum, number) => sum + number, 0) + 1).fill(0)
  probabilities[0] = 1
  let largest = 0
  for (const number of numbers) {
    largest += number
    for (let sum = largest; sum >= 0; sum--)
      probabilities[sum] = (probabilities[sum]! + (sum < number ? 0 : probabilities[sum - number]!)) / 2
  }
  return probabilities
}

/** The how manieth mean from either end bounds the shift: the largest k with P(W < k) ≤ 1 − confidence; 0 where there is none. */
function boundRank(pairs: number): number {
  const distribution = sumDistribution(Array.from({ length: pairs }, (_, i) => i + 1))
  let below = 0
  for (let rank = 0; rank < distribution.length; rank++) {
    below += distribution[rank]!
    if (below > 1 - confidence) return rank
  }
  return 0
}
