import { step } from './machine.mjs'
import { packageManager } from './packages.mjs'
import { findOnPath, isExecutable } from './tools.mjs'

const programs = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const onMac = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'

/** Where a browser is that the report page can be looked at with: PICKLOCK_CHROMIUM, else on PATH; undefined where there is none. */
export function findChromium({ env, platform }) {
  if (env.PICKLOCK_CHROMIUM) return isExecutable(env.PICKLOCK_CHROMIUM) ? env.PICKLOCK_CHROMIUM : undefined
  const found = programs.map((name) => findOnPath(name, env)).find((file) => file !== undefined)
  return found ?? (platform === 'darwin' && isExecutable(onMac) ? onMac : undefined)
}

/** A browser, which the tests of the report page need; nothing else does. Where it cannot be had they are skipped, and say so. */
export const chromium = {
  name: 'chromium',
  present: (machine) => machine.env.PICKLOCK_CHROMIUM !== undefined || findChromium(machine) !== undefined,
  obstacle: () => undefined,
  async obtain(machine) {
    const manager = await packageManager(machine)
    if (manager?.asRoot === undefined) return
    await step(machine, `installing chromium with ${manager.name}, for the tests of the report page`, '60 s', () =>
      manager.install('chromium'),
    ).catch((error) => machine.say(`chromium could not be installed: ${error.message}`))
  },
}
