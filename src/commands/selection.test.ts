import { expect, test } from 'vitest'
import { parseLockOptions, parseLocks, parseSeed, parseTopologies } from './selection.ts'

test('a comma separates locks, but not within a program', () => {
  expect(parseLocks(['set-nx,redlock'])).toEqual(['set-nx', 'redlock'])
  expect(parseLocks(['stdio:java -jar x.jar --nodes a,b'])).toEqual(['stdio:java -jar x.jar --nodes a,b'])
  expect(parseLocks(['set-nx, stdio:a b,c', './mine.ts'])).toEqual(['set-nx', 'stdio:a b,c', './mine.ts'])
  expect(parseLocks(['naive,naive', 'naive'])).toEqual(['naive'])
  expect(() => parseLocks(['naive,,redlock'])).toThrow(
    '--lock naive,,redlock: there is an empty name between the commas',
  )
})

test('topologies', () => {
  expect(parseTopologies(undefined)).toBeUndefined()
  expect(parseTopologies('all')).toBe('all')
  expect(parseTopologies('all,single')).toBe('all')
  expect(parseTopologies('single,redlock')).toEqual(['single', 'redlock'])
  expect(() => parseTopologies('sentinal')).toThrow('there is no topology sentinal; did you mean sentinel?')
})

test('seeds are 32 bit', () => {
  expect(parseSeed('4294967295')).toBe(4294967295)
  for (const wrong of ['4294967296', '-1', '1.5', 'x', '']) expect(() => parseSeed(wrong)).toThrow('whole number')
})

test('lock options are numbers and booleans where they read as such', () => {
  expect(parseLockOptions(['a=1', 'b=true', 'c=x=y', 'd='])).toEqual({ a: 1, b: true, c: 'x=y', d: '' })
  expect(() => parseLockOptions(['retryDelay'])).toThrow('it needs a name and a value')
})
