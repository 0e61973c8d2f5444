export type Column = Float64Array | Int32Array | Uint8Array

/** Twice as long, with the same beginning. What is not used of it takes hardly any memory. */
export function grown<C extends Column>(column: C): C {
  const longer = new (column.constructor as new (length: number) => C)(column.length * 2)
  longer.set(column)
  return longer
}
