import type { ChalkInstance } from 'chalk'
import { plain, wrap } from './text.ts'

/** Columns of the labels on the left. */
export const labelWidth = 14
/** Below this the labels get lines of their own. */
export const narrow = 60

export type Paint = (text: string) => string
export type Write = (label: string, text: string, paint?: Paint) => string[]

/** Lays a label and its text out side by side, or one above the other where the terminal is narrow. */
export function layout(width: number, chalk: ChalkInstance): Write {
  return (label, text, paint = (line) => line) => {
    const beside = width >= narrow
    const indent = ' '.repeat(beside ? labelWidth : 4)
    const lines = wrap(plain(text), Math.max(10, width - indent.length)).map((line) => indent + paint(line))
    if (label === '') return lines
    if (!beside) return [`  ${chalk.dim(label)}`, ...lines]
    return [`  ${chalk.dim(label.padEnd(labelWidth - 2))}${lines[0]!.slice(labelWidth)}`, ...lines.slice(1)]
  }
}
