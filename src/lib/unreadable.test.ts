import { expect, test } from 'vitest'
import { readable, withoutUnreadable } from './unreadable.ts'

const code = (character: string) => `<${character.codePointAt(0)!.toString(16)}>`

test('what moves a cursor or turns the direction is told, and the rest stays', () => {
  expect(readable('a\u001b[2Kb\u0007', code)).toBe('a<1b>[2Kb<7>')
  expect(readable('\u009b1A \u2028 \u202etxt.exe \u2069', code)).toBe('<9b>1A <2028> <202e>txt.exe <2069>')
  expect(readable('락:재고:7 “é” 🔒', code)).toBe('락:재고:7 “é” 🔒')
})

test('or stands as one space', () => {
  expect(withoutUnreadable('a\r\n\tb\u001bc')).toBe('a b c')
})
