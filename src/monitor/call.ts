/** What one client asked for, and of a script what it did. Words are bytes, a character each. */
export interface Call extends Ran {
  db: number
  /** `172.19.0.4:47060`, `[::1]:47060`, `unix:/run/redis.sock`. */
  client: string
  /** Of EVAL, EVALSHA and FCALL. */
  script?: Script
}

/** A command as Redis carried it out. */
export interface Ran {
  /** µs since 1970. */
  atUs: number
  /** In capitals. */
  name: string
  args: readonly string[]
}

export interface Script {
  /** SHA-1 of its text, or `function <name>`. */
  id: string
  /** Where the capture shows it (EVAL, SCRIPT LOAD). */
  text: string | undefined
  keys: readonly string[]
  args: readonly string[]
  /** What it ran, in this order: MONITOR writes it behind the call, as `lua`. Of a script that Redis did not know (NOSCRIPT) nothing. */
  ran: readonly Ran[]
  /** The names of all that this script has run so far, in this call and before. */
  did: ReadonlySet<string>
}

/** Whether the script ran this command with the key in front. */
export const ranOn = ({ ran }: Script, name: string, key: string): Ran | undefined =>
  ran.find((each) => each.name === name && each.args[0] === key)
