/** A glob as Redis' KEYS has it (`*`, `?`, `[a-z]`, `[^x]`, `\` takes the next character as it is), on bytes. */
export function globToRegExp(glob: string): RegExp {
  let source = ''
  for (let at = 0; at < glob.length; at++) {
    const character = glob[at]!
    if (character === '*') source += '[^]*'
    else if (character === '?') source += '[^]'
    else if (character === '\\' && at + 1 < glob.length) source += literal(glob[++at]!)
    else if (character === '[') {
      const end = glob.indexOf(']', at + 1)
      if (end < 0) source += literal(character)
      else {
        source += set(glob.slice(at + 1, end))
        at = end
      }
    } else source += literal(character)
  }
  return new RegExp(`^${source}$`)
}

const literal = (character: string) => character.replace(/[\\^$.*+?()[\]{}|/]/, String.raw`\$&`)

function set(inside: string): string {
  const negated = inside.startsWith('^')
  const members = (negated ? inside.slice(1) : inside)
    // Redis takes a range the other way round as well.
    .replaceAll(/([^\\])-([^\\])/g, (range, from: string, to: string) => (from > to ? `${to}-${from}` : range))
    .replaceAll(/[\\\]^]/g, String.raw`\$&`)
  if (members === '') return negated ? '[^]' : '(?!)'
  return `[${negated ? '^' : ''}${members}]`
}
