/**
 * Seeded randomness. Every use has a stream of its own, named by a path (`random(seed, 'server-1', 'requests')`), so that one more
 * draw in one place does not shift what is drawn in another.
 */

/**
 * A stream of numbers uniform in [0, 1). The same seed and path give the same stream on every machine. The generator is sfc32 (Doty-
 * Humphrey, PractRand), seeded by xmur3-style hashing of the path.
 */
export function random(seed: number, ...path: (string | number)[]): () => number {
  return randoms(seed, ...path)(0)
}

/** As many independent streams below one path as there are integers: what an iteration draws depends on its number alone. */
export function randoms(seed: number, ...path: (string | number)[]): (index: number) => () => number {
  // JSON keeps ('a', 'b') apart from ('a,b') and 1 from '1'.
  const next = hash(JSON.stringify([seed, ...path]))
  const start = [next(), next(), next()] as const
  return (index) => stream(...start, index)
}

function stream(a: number, b: number, c: number, index: number): () => number {
  let counter = 1
  b ^= index | 0
  c ^= Math.floor(index / 4_294_967_296)
  const draw = () => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + sum) | 0
    return (sum >>> 0) / 4_294_967_296
  }
  // The first outputs still look like the seed.
  for (let warmUp = 0; warmUp < 12; warmUp++) draw()
  return draw
}

function hash(text: string): () => number {
  let state = 1_779_033_703 ^ text.length
  for (let index = 0; index < text.length; index++) {
    state = Math.imul(state ^ text.charCodeAt(index), 3_432_918_353)
    state = (state << 13) | (state >>> 19)
  }
  return () => {
    state = Math.imul(state ^ (state >>> 16), 2_246_822_507)
    state = Math.imul(state ^ (state >>> 13), 3_266_489_909)
    state ^= state >>> 16
    return state
  }
}
