import { extname } from 'node:path'

/** A program of ours in the caller's folder, by its name without the ending: `.ts` in a clone, `.js` in the published package. */
export const beside = (callerUrl: string, name: string): URL => new URL(`./${name}${extname(callerUrl)}`, callerUrl)
