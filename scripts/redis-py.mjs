import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { step, unfinished } from './machine.mjs'
import { findOnPath } from './tools.mjs'

const version = '8.1.0'

/**
 * redis-py, which the tests of the Python adapter need; nothing else does. It goes into a folder of the cache (PYTHONPATH), so that
 * nobody's Python is changed. A machine without python3 or pip does without it: that test then says so.
 */
export const redisPy = {
  name: 'redis-py',
  present: (machine) =>
    findOnPath('python3', machine.env) === undefined ||
    existsSync(join(redisPyFolder(machine), `redis-${version}.dist-info`)),
  obstacle: () => undefined,
  async obtain(machine) {
    const fetching = join(machine.cache, `${unfinished}redis-py`)
    const args = ['-m', 'pip', 'install', '--quiet', '--no-compile', '--target', fetching, `redis==${version}`]
    mkdirSync(machine.cache, { recursive: true })
    const { code, output } = await step(machine, `fetching redis-py ${version} for the tests`, '5 s', () =>
      machine.run('python3', args, { env: machine.env }),
    )
    if (code !== 0) return machine.say(`redis-py could not be fetched, its test will be skipped: ${output.trim()}`)
    rmSync(redisPyFolder(machine), { recursive: true, force: true })
    renameSync(fetching, redisPyFolder(machine))
  },
}

/** For PYTHONPATH. */
const redisPyFolder = ({ cache }) => join(cache, 'redis-py')
