import { Command } from 'ioredis'
import type { LuaSource } from '../lua.ts'

/**
 * A script's call, already in the words of the protocol: what ioredis does to a command's arguments costs more than all the rest of a
 * request in this process.
 */
class ScriptCall extends Command {
  readonly #text: string

  constructor(name: 'evalsha' | 'eval', text: string) {
    super(name, [], { replyEncoding: 'utf8' })
    this.#text = text
  }

  override toWritable(): string {
    return this.#text
  }
}

const word = (text: string) => `$${Buffer.byteLength(text)}\r\n${text}\r\n`

/** What follows the script: how many keys, the keys, and the other arguments. */
export function scriptWords(keys: string[], ...args: string[]): { count: number; text: string } {
  let text = word(String(keys.length))
  for (const key of keys) text += word(key)
  for (const arg of args) text += word(arg)
  return { count: 1 + keys.length + args.length, text }
}

type Words = ReturnType<typeof scriptWords>

export const evalsha = ({ sha }: LuaSource, { count, text }: Words): Command =>
  new ScriptCall('evalsha', `*${count + 2}\r\n$7\r\nEVALSHA\r\n$40\r\n${sha}\r\n${text}`)

/** For a server that does not know the script yet. */
export const evalWhole = ({ source }: LuaSource, { count, text }: Words): Command =>
  new ScriptCall('eval', `*${count + 2}\r\n$4\r\nEVAL\r\n${word(source)}${text}`)
