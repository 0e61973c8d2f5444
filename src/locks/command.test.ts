import { expect, test } from 'vitest'
import { command, commandName, findProgram, safeName } from './command.ts'

test.each([
  ['java -jar lib/redisson.jar', 'redisson'],
  ["python3 'my locks/redis_lock.py' --fast", 'redis_lock'],
  ['./target/release/lock', 'lock'],
  ['lockd', 'lockd'],
  ['node --import=./x.js adapter.mjs', 'adapter'],
])('%s is called %s', (text, name) => {
  expect(commandName(command(text))).toBe(name)
})

test('words are split as a shell does', () => {
  expect(command(`a 'b c' "d \\"e" f\\ g`)).toEqual(['a', 'b c', 'd "e', 'f g'])
  expect(() => command(' ')).toThrow('stdio: needs a command')
  expect(() => command('a "b')).toThrow('cannot be split into words')
})

test('names are safe in paths', () => {
  expect(safeName('../my lock!')).toBe('my-lock')
  expect(safeName('…')).toBe('lock')
  expect(safeName('x'.repeat(100))).toHaveLength(40)
})

test('programs are found as the system finds them', () => {
  expect(findProgram('sh', '/')).toMatch(/\/sh$/)
  expect(findProgram('./sh', '/bin')).toBe('/bin/sh')
  expect(() => findProgram('no-such-program', '/')).toThrow('there is no program "no-such-program" on the PATH')
  expect(() => findProgram('./none', '/')).toThrow('there is no program ./none (looked in /)')
  expect(() => findProgram('/etc/passwd', '/')).toThrow('/etc/passwd is not executable')
})
