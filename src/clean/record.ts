import { open, type FileHandle } from 'node:fs/promises'
import { shownKey } from '../audit/words.ts'
import type { Value } from '../audit/lock-like.ts'
import { EnvironmentError } from '../lib/failure.ts'

/**
 * The file of what was removed: NDJSON. A line `removing` stands there before its key goes, and a line `kept` after one that was not removed after all; so
 * that, however it ends, nothing is gone that is not in the file. `dump` is DUMP's answer in base64: RESTORE brings the key back.
 */
export class Record implements AsyncDisposable {
  readonly file: string
  readonly #handle: FileHandle

  private constructor(file: string, handle: FileHandle) {
    this.file = file
    this.#handle = handle
  }

  /** A new file: an older one is never written over. */
  static async open(file: string): Promise<Record> {
    try {
      return new Record(file, await open(file, 'wx', 0o600))
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      throw new EnvironmentError(
        `${file} cannot be written: ${code === 'EEXIST' ? 'it is there already; name another with --removed' : message}`,
      )
    }
  }

  removing(some: readonly { key: string; pttl: number; value: Value | undefined; dump: string }[]): Promise<void> {
    return this.#write(
      some.map(({ key, pttl, value, dump }) => ({
        what: 'removing',
        key: shownKey(key),
        keyBase64: base64(key),
        pttl,
        ...(value && {
          type: value.type,
          value: value.type === 'hash' ? value.parts.map(shownKey) : shownKey(value.text),
        }),
        dump: base64(dump),
      })),
    )
  }

  kept(some: readonly { key: string; why: string }[]): Promise<void> {
    return this.#write(some.map(({ key, why }) => ({ what: 'kept', key: shownKey(key), keyBase64: base64(key), why })))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close()
  }

  /** On the disk when it resolves. */
  async #write(lines: readonly object[]): Promise<void> {
    if (lines.length === 0) return
    await this.#handle.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
    await this.#handle.sync()
  }
}

const base64 = (bytes: string) => Buffer.from(bytes, 'latin1').toString('base64')
