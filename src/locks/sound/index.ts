import type { SoundLock } from '../registry.ts'

/** Right locks of different makes: what a drill says against one of them, in a scenario that it claims to survive, is a false alarm. */
export const sound = {} satisfies Record<string, SoundLock>
