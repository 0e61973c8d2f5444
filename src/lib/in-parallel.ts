/**
 * Runs `run` over the items, at most `jobs` at once, and yields results in the order in which they come. After a failure, and when the
 * consumer goes away, nothing new begins, and what runs comes to its end first.
 */
export async function* inParallel<Item, Result>(
  items: readonly Item[],
  jobs: number,
  run: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  type Ended = { index: number } & ({ result: Result } | { error: unknown })
  const running = new Map<number, Promise<Ended>>()
  const begin = (index: number) =>
    run(items[index]!).then(
      (result): Ended => ({ index, result }),
      (error: unknown): Ended => ({ index, error }),
    )
  let next = 0
  let failure: { error: unknown } | undefined
  try {
    while (true) {
      while (failure === undefined && running.size < jobs && next < items.length) running.set(next, begin(next++))
      if (running.size === 0) break
      const ended = await Promise.race(running.values())
      running.delete(ended.index)
      if ('error' in ended) failure ??= ended
      else yield ended.result
    }
  } finally {
    await Promise.all(running.values())
  }
  if (failure) throw failure.error
}
