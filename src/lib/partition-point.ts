/**
 * By halving: how many of `size` things come first, where `comesFirst` is true of these and false of all that follow; so the index of the first that
 * does not. O(log n). As std::partition_point of C++.
 */
export function partitionPoint(size: number, comesFirst: (index: number) => boolean): number {
  let low = 0
  let high = size
  while (low < high) {
    const middle = (low + high) >>> 1
    if (comesFirst(middle)) low = middle + 1
    else high = middle
  }
  return low
}
