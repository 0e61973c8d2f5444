import type { z } from 'zod'

/** What a zod schema says about keys, for suggestions and for `--set`: zod checks data, and does not tell what would have been right. */

type Schema = z.core.$ZodType

/** The schema under defaults, optionals and preprocessing; of a discriminated union the member that the data names. */
function core(schema: Schema, data: unknown): Schema {
  const { def } = (schema as z.core.$ZodTypes)._zod
  switch (def.type) {
    case 'default':
    case 'prefault':
    case 'optional':
    case 'nullable':
    case 'readonly':
      return core(def.innerType, data)
    case 'pipe':
      return core(def.in._zod.def.type === 'transform' ? def.out : def.in, data)
    case 'union': {
      const options = def.options.map((option) => core(option, data))
      const named = options.find((option) => {
        const discriminator = (def as z.core.$ZodDiscriminatedUnionDef).discriminator
        if (discriminator === undefined || !isBlock(data)) return false
        return objectShape(option)?.[discriminator]?._zod.values?.has(data[discriminator] as string) === true
      })
      return named ?? options.find((option) => objectShape(option)) ?? schema
    }
    default:
      return schema
  }
}

/** The keys that a block may have; undefined where any key goes, or where there are none to have. */
export function keysOf(schema: Schema, data: unknown): string[] | undefined {
  const shape = objectShape(core(schema, data))
  return shape && Object.keys(shape)
}

/** The schema of one key of a block, or of a list's entries. */
export function childOf(schema: Schema, key: string | number, data: unknown): Schema | undefined {
  const { def } = (core(schema, data) as z.core.$ZodTypes)._zod
  if (def.type === 'object') return def.shape[key]
  if (def.type === 'array') return def.element
  if (def.type === 'record') return def.valueType
  return undefined
}

export function schemaAt(schema: Schema, path: readonly (string | number)[], data: unknown): Schema | undefined {
  let at: Schema | undefined = schema
  let here = data
  for (const key of path) {
    at = at && childOf(at, key, here)
    here = isBlock(here) || Array.isArray(here) ? (here as Record<string | number, unknown>)[key] : undefined
  }
  return at
}

export function isWholeNumber(schema: Schema | undefined): boolean {
  if (schema === undefined) return false
  const { def } = (core(schema, undefined) as z.core.$ZodTypes)._zod
  return def.type === 'number' && (def as z.core.$ZodNumberFormatDef).format === 'safeint'
}

/** A text, a number, a choice: nothing that has keys. */
export function isSingle(schema: Schema): boolean {
  return ['string', 'number', 'boolean', 'enum', 'literal'].includes(core(schema, undefined)._zod.def.type)
}

export function isBlock(data: unknown): data is Record<string, unknown> {
  return typeof data === 'object' && data !== null && !Array.isArray(data)
}

function objectShape(schema: Schema): Readonly<Record<string, Schema>> | undefined {
  const { def } = (schema as z.core.$ZodTypes)._zod
  return def.type === 'object' ? def.shape : undefined
}
