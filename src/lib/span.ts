import { InvalidArgumentError } from '@commander-js/extra-typings'

const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 }

/** `300ms`, `10s`, `5m`, `2h`, `1d` of a command line, in ms; for Commander's argument parsers. */
export function parseSpan(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|min|h|d)$/.exec(text.trim()) ?? []
  const ms = Number(number) * (units[unit ?? ''] ?? Number.NaN)
  if (!(ms > 0) || ms > 365 * 86_400_000)
    throw new InvalidArgumentError('It takes a duration, as 300ms, 10s, 5m or 2h.')
  return ms
}
