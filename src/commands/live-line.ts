import type { Writable } from 'node:stream'
import { plain } from '../reporters/text.ts'

/** As process.stderr is; `columns` follows whoever resizes the terminal. */
export type Terminal = Writable & { isTTY?: boolean; columns?: number }

/** Where nobody says how wide it is. */
const columnsDefault = 80

/** A text for a terminal of this width. */
type Draw = (width: number) => string

/**
 * The line at the bottom of a terminal that is rewritten, while whole lines go by above it. The cursor waits at its beginning: a terminal that
 * is made narrower may break the line into several rows or cut it, and in either case all of it stands at the cursor and below.
 */
export class LiveLine {
  readonly #stream: Terminal
  #draw: Draw | undefined

  constructor(stream: Terminal) {
    this.#stream = stream
  }

  get width(): number {
    return this.#stream.columns || columnsDefault
  }

  /** Rewrites it; what is longer than the terminal is wide is cut. `paint` colours what is left. */
  show(draw: Draw, paint: (text: string) => string = (text) => text): void {
    this.#draw = (width) => paint(plain(draw(width)).slice(0, width - 1))
    this.#write('')
  }

  /** Prints whole lines above it. */
  say(lines: Draw): void {
    this.#write(`${lines(this.width)}\n`)
  }

  /** Lets another print whole lines above it, to a stream of its own. */
  aside(print: (width: number) => void): void {
    this.#stream.write('\u001b[J')
    print(this.width)
    this.#write('')
  }

  /** Takes it away, before somebody else prints. */
  clear(): void {
    this.#draw = undefined
    this.#write('')
  }

  #write(above: string): void {
    this.#stream.write(`\u001b[J${above}${this.#draw?.(this.width) ?? ''}\r`)
  }
}
