/** One caller a key at a time; the others wait in line, in the order of their coming. */
export interface OneAtATime {
  /** `false`: `waitMs` was over, or the signal came. Who got `true` must leave. */
  enter(key: string, waitMs: number, signal: AbortSignal): Promise<boolean>
  leave(key: string): void
}

export function oneAtATime(): OneAtATime {
  /** Of every key with somebody inside: those who wait. */
  const lines = new Map<string, Set<() => void>>()

  return {
    enter(key, waitMs, signal) {
      const line = lines.get(key)
      if (!line) {
        lines.set(key, new Set())
        return Promise.resolve(true)
      }
      if (waitMs <= 0 || signal.aborted) return Promise.resolve(false)
      const { promise, resolve } = Promise.withResolvers<boolean>()
      const settle = (inside: boolean) => {
        clearTimeout(timer)
        signal.removeEventListener('abort', giveUp)
        line.delete(come)
        resolve(inside)
      }
      const come = () => settle(true)
      const giveUp = () => settle(false)
      const timer = setTimeout(giveUp, waitMs)
      signal.addEventListener('abort', giveUp)
      line.add(come)
      return promise
    },
    leave(key) {
      const [next] = lines.get(key) ?? []
      if (next) next()
      else lines.delete(key)
    },
  }
}
