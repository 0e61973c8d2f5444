import { beforeAll, beforeEach } from 'vitest'
import { makeImages, noDocker } from './docker.ts'

/** Of a file whose tests run in real containers: where no engine answers they are skipped, and counted with the reason. */
export function needsDocker(besides?: string): void {
  const why = noDocker ?? besides
  if (why !== undefined) console.warn(`SKIPPED: all tests that need Docker: ${why}.`)
  beforeEach(({ skip }) => skip(why !== undefined, why))
  beforeAll(() => {
    if (why === undefined) makeImages()
  }, 120_000)
}
