import { nameOf } from './caller.ts'
import type { Hold, Waiter } from './hold.ts'

/** How much of a crowd is told apart. */
const waitersMax = 5_000

/** Those who have asked for one key and do not have it. */
export class Crowd {
  readonly #byName = new Map<string, Waiter>()
  readonly #gaveUp: (waiter: Waiter) => void

  /** @param gaveUp hears of those who are forgotten, so that others have room */
  constructor(gaveUp: (waiter: Waiter) => void) {
    this.#gaveUp = gaveUp
  }

  get size(): number {
    return this.#byName.size
  }

  get(name: string): Waiter | undefined {
    return this.#byName.get(name)
  }

  /** Whoever asks: known already, or from now on. */
  of(token: string, client: string, atUs: number, ttlMs: number | undefined): Waiter {
    const name = nameOf(token, client)
    const known = this.#byName.get(name)
    if (known !== undefined) return known
    this.#makeRoom()
    const fresh: Waiter = { name, token, client, firstUs: atUs, lastUs: atUs, attempts: 0, ttlMs }
    this.#byName.set(name, fresh)
    return fresh
  }

  lastOf(client: string): Waiter | undefined {
    let last: Waiter | undefined
    for (const waiter of this.#byName.values())
      if (waiter.client === client && waiter.lastUs > (last?.lastUs ?? -Infinity)) last = waiter
    return last
  }

  /** It got it, or asks no more. */
  leave(name: string): void {
    this.#byName.delete(name)
  }

  /** What was taken for a grant was none: it waits on, and has waited from its first attempt on. */
  return({ name, token, client, askedUs, grantedUs, attempts, ttlMs }: Hold): void {
    const again = this.#byName.get(name)
    if (again === undefined)
      this.#byName.set(name, { name, token, client, firstUs: askedUs, lastUs: grantedUs, attempts, ttlMs })
    else {
      again.firstUs = askedUs
      again.attempts += attempts
    }
  }

  /** The capture ends. */
  disperse(): void {
    for (const waiter of this.#byName.values()) this.#gaveUp(waiter)
    this.#byName.clear()
  }

  #makeRoom(): void {
    if (this.#byName.size < waitersMax) return
    const [name, waiter] = this.#byName.entries().next().value!
    this.#byName.delete(name)
    this.#gaveUp(waiter)
  }
}
