import type { WorkRequest } from '../workloads/workload.ts'

const parameter = /\{(\w+)\}/g

/** Gives the numbers that a path carries where the template has `{name}`; undefined where it does not fit. */
export function pathMatcher(template: string): (path: string) => Record<string, number> | undefined {
  const pattern = new RegExp(`^${template.replaceAll(parameter, String.raw`(?<$1>[1-9]\d{0,8})`)}$`)
  return (path) => {
    const match = pattern.exec(path)
    return match
      ? Object.fromEntries(Object.entries(match.groups ?? {}).map(([name, text]) => [name, Number(text)]))
      : undefined
  }
}

/** The request's own path, and what is left of it for the body. */
export function fillPath(template: string, request: WorkRequest): { path: string; body: object } {
  const body: Record<string, unknown> = { ...request }
  const path = template.replaceAll(parameter, (_, name: string) => {
    const value = String(body[name])
    delete body[name]
    return value
  })
  return { path, body }
}
