import { Option } from '@commander-js/extra-typings'
import { UsageError } from '../lib/failure.ts'
import type { Plan } from '../plan/scenario.ts'
import type { AttachChoice } from '../runtimes/attach/stack.ts'
import { parseImages } from '../runtimes/images.ts'
import { runtimes } from '../runtimes/index.ts'

/** `--runtime` and what goes with it, for every command that starts nodes or finds them. */

export type RuntimeName = keyof typeof runtimes

const collect = (value: string, before: string[]) => [...before, value]

export const runtimeOption = (names = Object.keys(runtimes) as RuntimeName[]) =>
  new Option('--runtime <runtime>', 'where the nodes live').choices(names).default('process' as const)

export const imageOption = () =>
  new Option(
    '--image <what=image>',
    'with --runtime docker: another image for redis, toxiproxy or postgres; may be repeated',
  )
    .argParser(collect)
    .default([] as string[], 'none')

const repeated = (
  flags: '--redis <host:port>' | '--sentinel <host:port>' | '--allow-destructive <host>',
  text: string,
) =>
  new Option(flags, `with --runtime attach: ${text}; may be repeated`)
    .argParser(collect)
    .default([] as string[], 'none')

/** Of `picklock run` only: a stack is drilled, not started. */
export const attachOptions = {
  file: new Option('--attach <file>', 'with --runtime attach: a file that says where the stack is'),
  redis: repeated('--redis <host:port>', 'a Redis of the stack'),
  sentinel: repeated('--sentinel <host:port>', 'a Sentinel of the stack'),
  toxiproxy: new Option('--toxiproxy <url>', 'with --runtime attach: the API of the Toxiproxy in front of the stack'),
  linkPorts: new Option(
    '--link-ports <from-to>',
    'with --runtime attach: at which of its ports Toxiproxy can be reached (21000-21023)',
  ),
  allowDestructive: repeated('--allow-destructive <host>', 'nodes on this host may be killed, filled and reconfigured'),
}

interface Asked {
  runtime: RuntimeName
  image: readonly string[]
  attach?: string | undefined
  redis?: readonly string[]
  sentinel?: readonly string[]
  toxiproxy?: string | undefined
  linkPorts?: string | undefined
  allowDestructive?: readonly string[]
}

/** Throws UsageError. */
export function parseRuntime(asked: Asked): {
  runtime: Plan['runtime']
  images: Plan['images']
  attach: Plan['attach']
} {
  const { runtime, image } = asked
  if (image.length > 0 && runtime !== 'docker')
    throw new UsageError(`--image ${image[0]} is what containers are made of; add --runtime docker`)
  const attach = attachChoice(asked)
  const [flag] = Object.keys(attach)
  if (flag !== undefined && runtime !== 'attach')
    throw new UsageError(
      `--${flagOf[flag as keyof AttachChoice]} is about a stack that already runs; add --runtime attach`,
    )
  if (attach.file !== undefined && (attach.redis || attach.toxiproxy))
    throw new UsageError(`--attach ${attach.file} says where the stack is; leave out --redis and --toxiproxy`)
  return { runtime, images: parseImages(image), attach }
}

const flagOf: Record<keyof AttachChoice, string> = {
  file: 'attach',
  redis: 'redis',
  sentinels: 'sentinel',
  toxiproxy: 'toxiproxy',
  linkPorts: 'link-ports',
  allowDestructive: 'allow-destructive',
}

/** What was said, without what was not. */
function attachChoice({ attach: file, redis, sentinel, toxiproxy, linkPorts, allowDestructive }: Asked): AttachChoice {
  const said = { file, redis, sentinels: sentinel, toxiproxy, linkPorts, allowDestructive }
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined && value.length > 0))
}

/** What a stack that others may look at, too, is not for. Throws UsageError. */
export function checkAttached(plans: readonly Plan[], jobs: number): void {
  const [attached] = plans.filter(({ runtime }) => runtime === 'attach')
  if (!attached) return
  if (jobs > 1) throw new UsageError(`--jobs ${jobs}: a stack takes one drill at a time; leave it out, or --jobs 1`)
  const shelf = plans.find(({ workload }) => workload['guard'] === 'lua')
  if (shelf)
    throw new UsageError(
      `${shelf.name} keeps its numbers on Redis (guard: lua), which is not for a stack that is attached to`,
    )
}
