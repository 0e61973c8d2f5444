import { isUtf8 } from 'node:buffer'

/**
 * Bytes, a character each, as text for a person: UTF-8 where it is that, else `\xHH` for what is beyond ASCII, so that two keys never look the same
 * and nothing in them moves a cursor.
 */
export function shown(bytes: string): string {
  const raw = Buffer.from(bytes, 'latin1')
  const text = isUtf8(raw) ? raw.toString('utf8') : bytes.replaceAll(/[\u0080-\u00ff]/g, hex)
  // oxlint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, hex)
}

const hex = (character: string) => {
  const code = character.codePointAt(0)!
  return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`
}
