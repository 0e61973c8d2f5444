/** Cuts a byte stream into lines. A line beyond the limit is reported once, with its beginning, and the rest of the stream is left out. */
export function lineCutter(
  maxBytes: number,
  on: { line: (line: Buffer) => void; tooLong: (beginning: Buffer) => void },
): { push(chunk: Buffer): void; rest(): Buffer } {
  let parts: Buffer[] = []
  let length = 0
  let over = false

  function add(part: Buffer): void {
    if (part.length > 0) parts.push(part)
    length += part.length
  }

  function take(): Buffer {
    const line = parts.length === 1 ? parts[0]! : Buffer.concat(parts)
    parts = []
    length = 0
    return line
  }

  function end(): void {
    over = true
    on.tooLong(take())
  }

  return {
    push(chunk) {
      let from = 0
      while (!over) {
        const newline = chunk.indexOf(0x0a, from)
        add(chunk.subarray(from, newline < 0 ? undefined : newline))
        if (length > maxBytes) return end()
        if (newline < 0) return
        from = newline + 1
        on.line(take())
      }
    },
    rest: () => (over ? Buffer.alloc(0) : take()),
  }
}
