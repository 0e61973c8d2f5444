import { Option } from '@commander-js/extra-typings'
import { UsageError } from '../lib/failure.ts'
import type { Plan } from '../plan/scenario.ts'
import { parseImages } from '../runtimes/images.ts'
import { runtimes } from '../runtimes/index.ts'

/** `--runtime` and what goes with it, for every command that starts nodes. */

type RuntimeName = keyof typeof runtimes

const collect = (value: string, before: string[]) => [...before, value]

export const runtimeOption = () =>
  new Option('--runtime <runtime>', 'where the nodes live')
    .choices(Object.keys(runtimes) as RuntimeName[])
    .default('process' as const)

export const imageOption = () =>
  new Option(
    '--image <what=image>',
    'with --runtime docker: another image for redis, toxiproxy or postgres; may be repeated',
  )
    .argParser(collect)
    .default([] as string[], 'none')

/** Throws UsageError. */
export function parseRuntime({ runtime, image }: { runtime: RuntimeName; image: readonly string[] }): {
  runtime: Plan['runtime']
  images: Plan['images']
} {
  if (image.length > 0 && runtime !== 'docker')
    throw new UsageError(`--image ${image[0]} is what containers are made of; add --runtime docker`)
  return { runtime, images: parseImages(image) }
}
