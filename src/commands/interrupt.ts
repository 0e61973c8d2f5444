/**
 * Ctrl-C, SIGTERM, a closed terminal: the first ends what runs in order (history kept, nothing left behind), the second at once (the
 * janitor cleans up). 128 + the signal's number is the exit code, as shells do it.
 */
export interface Interrupt extends Disposable {
  signal: AbortSignal
  /** Undefined as long as nobody interrupted. */
  exitCode(): number | undefined
}

/** One Ctrl-C can arrive twice: from the terminal, and passed on by the wrapper that started us (scripts/enter.mjs). */
const sameMs = 300

const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const
type Ending = keyof typeof exitCodes

export function onInterrupt(announce: (text: string) => void): Interrupt {
  const controller = new AbortController()
  let exitCode: number | undefined
  let firstMs = 0
  const handle = (name: Ending) => {
    // Not through cli.ts: whoever presses Ctrl-C twice does not want to wait for anybody.
    if (exitCode !== undefined) {
      if (performance.now() - firstMs > sameMs) process.exit(exitCodes[name])
      return
    }
    firstMs = performance.now()
    exitCode = exitCodes[name]
    announce(`${name}: ending in order; once more to end at once`)
    controller.abort(new Error(`interrupted by ${name}`))
  }
  for (const name of Object.keys(exitCodes)) process.on(name, handle)
  return {
    signal: controller.signal,
    exitCode: () => exitCode,
    [Symbol.dispose]() {
      for (const name of Object.keys(exitCodes)) process.off(name, handle)
    },
  }
}
