import { isUtf8 } from 'node:buffer'
import { readable } from '../lib/unreadable.ts'

/**
 * Bytes, a character each, as text for a person: UTF-8 where it is that, else `\xHH` for what is beyond ASCII, so that two keys never look the same
 * and nothing in them moves a cursor.
 */
export function shown(bytes: string): string {
  const raw = Buffer.from(bytes, 'latin1')
  const text = isUtf8(raw) ? raw.toString('utf8') : bytes.replaceAll(/[\u0080-\u00ff]/g, hex)
  return readable(text, hex)
}

const hex = (character: string) => {
  const code = character.codePointAt(0)!
  return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`
}
