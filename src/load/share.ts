/**
 * How a drill's numbers are dealt to its servers, as cards are: number n goes to server n mod count. So the shares add up to exactly
 * what the scenario says, differ by one at most, and neighbours in time land on different servers.
 */

/** How many of `total` things the server gets. */
export const shareOf = (total: number, index: number, count: number): number =>
  Math.max(0, Math.ceil((total - index) / count))

/** The 1-based virtual users of the server; a user's number is its own in the whole drill. */
export const usersOf = (vus: number, index: number, count: number): number[] =>
  Array.from({ length: shareOf(vus, index, count) }, (_, turn) => index + turn * count + 1)
