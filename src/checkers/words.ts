/** ns of the drill as a person reads them: `5.871 s`. */
export const seconds = (ns: number): string => `${(ns / 1e9).toFixed(3)} s`

/** A duration in ms, as short as it can be: `2.7 s`, `150 ms`. */
export const duration = (ms: number): string =>
  ms >= 1000 ? `${Number((ms / 1000).toFixed(3))} s` : `${Number(ms.toFixed(1))} ms`
