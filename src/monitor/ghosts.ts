import { sameHost } from './caller.ts'
import type { Hold } from './hold.ts'

/** How many may still come to free what they had. */
const ghostsMax = 64

/** Holders of one key whose lease has ended, and who may not know it. */
export class Ghosts {
  #all: Hold[] = []
  readonly #over: (hold: Hold) => void

  /** @param over hears of those of whom nothing more is expected */
  constructor(over: (hold: Hold) => void) {
    this.#over = over
  }

  get size(): number {
    return this.#all.length
  }

  add(hold: Hold): void {
    this.#all.push(hold)
    if (this.#all.length > ghostsMax) this.#over(this.#all.shift()!)
  }

  leave(hold: Hold): void {
    this.#all = this.#all.filter((each) => each !== hold)
  }

  withToken(token: string): Hold | undefined {
    return this.#all.find((each) => each.token === token)
  }

  /** The last one of this connection; else of its host. */
  of(client: string): Hold | undefined {
    return (
      this.#all.findLast((each) => each.client === client) ??
      this.#all.findLast((each) => sameHost(each.client, client))
    )
  }

  /** Another was granted the key. */
  meet(hold: Hold, grantedUs: number): void {
    for (const ghost of this.#all) if (ghost.others.length < ghostsMax) ghost.others.push({ hold, grantedUs })
  }

  /** It was no grant. */
  unmeet(hold: Hold): void {
    for (const ghost of this.#all) ghost.others = ghost.others.filter((other) => other.hold !== hold)
  }

  /** The capture ends. */
  disperse(): void {
    for (const ghost of this.#all.splice(0)) this.#over(ghost)
  }
}
