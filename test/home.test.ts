import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { cacheFolder, isClone } from '../scripts/home.mjs'

/** Where the cache is: a clone's own, or the user's for every installed package. */

const folder = mkdtempSync(join(tmpdir(), 'picklock-home-'))
const clone = join(folder, 'clone')
const installed = join(folder, 'node_modules', 'picklock')
mkdirSync(join(clone, 'src'), { recursive: true })
writeFileSync(join(clone, 'src', 'cli.ts'), '')
mkdirSync(installed, { recursive: true })
afterAll(() => rmSync(folder, { recursive: true }))

test.each<[string, string, NodeJS.ProcessEnv, string]>([
  ['a clone keeps it to itself', clone, { XDG_CACHE_HOME: '/xdg' }, join(clone, '.cache')],
  ['an installed package has its place in XDG_CACHE_HOME', installed, { XDG_CACHE_HOME: '/xdg' }, '/xdg/picklock'],
  ['without that, in the home folder', installed, {}, join(homedir(), '.cache', 'picklock')],
  ['a relative one is ignored', installed, { XDG_CACHE_HOME: 'xdg' }, join(homedir(), '.cache', 'picklock')],
  ['PICKLOCK_CACHE wins', clone, { PICKLOCK_CACHE: '/mine', XDG_CACHE_HOME: '/xdg' }, '/mine'],
  ['a relative PICKLOCK_CACHE is below the current folder', installed, { PICKLOCK_CACHE: 'mine' }, resolve('mine')],
])('%s', (_, from, env, cache) => expect(cacheFolder(from, env)).toBe(cache))

test('sources make a clone', () => {
  expect(isClone(clone)).toBe(true)
  expect(isClone(installed)).toBe(false)
})
