import { accessSync, constants, mkdirSync, readlinkSync, rmdirSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { cacheHint } from './home.mjs'
import { SetupError } from './machine.mjs'

/**
 * One set-up at a time in one cache. The lock is a symbolic link whose target is the owner's process id: made in one step together with
 * its content, so there is no moment at which a crash leaves a lock without an owner.
 */
const waitMaxMs = 15 * 60_000
const guardMaxMs = 10_000

export async function withSetupLock(machine, work) {
  makeFolder(machine.cache)
  const file = join(machine.cache, 'setup.lock')
  await take(machine, file)
  try {
    return await work()
  } finally {
    rmSync(file, { force: true })
  }
}

function makeFolder(cache) {
  try {
    mkdirSync(cache, { recursive: true })
    accessSync(cache, constants.W_OK)
  } catch (error) {
    throw new SetupError(cacheHint(cache, error))
  }
}

async function take(machine, file) {
  const startedAtMs = Date.now()
  let told = false
  while (!tryTake(file)) {
    const owner = ownerOf(file)
    if (owner !== undefined && !isAlive(owner)) removeStale(file, owner)
    else if (owner !== undefined && !told) {
      machine.say(`another set-up (process ${owner}) is at work, waiting for it; if there is none, remove ${file}`)
      told = true
    }
    if (Date.now() - startedAtMs > waitMaxMs) throw new SetupError(`another set-up does not end; remove ${file}`)
    await sleep(50)
  }
}

function tryTake(file) {
  try {
    symlinkSync(String(process.pid), file)
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
}

function ownerOf(file) {
  try {
    return Number(readlinkSync(file))
  } catch {
    return undefined // released in the meantime
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** Under a guard of its own: two who both saw the dead owner must not remove each other's fresh lock. */
function removeStale(file, owner) {
  const guard = `${file}.guard`
  try {
    mkdirSync(guard)
  } catch {
    // Held for microseconds; older than that its owner died in there.
    if (Date.now() - (statSync(guard, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) > guardMaxMs) rmdirSync(guard)
    return
  }
  try {
    if (ownerOf(file) === owner) rmSync(file, { force: true })
  } finally {
    rmdirSync(guard)
  }
}
