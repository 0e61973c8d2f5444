/**
 * What the JUnit schema of Jenkins' xUnit plugin (junit-10.xsd) allows, which is the common ground of the CI systems that read such files: the
 * attributes of each element, of which some must be there, and its children. Written down from that schema.
 */
interface Shape {
  required?: string[]
  optional?: string[]
  children?: string[]
  /** Whether it may hold text beside its children. */
  text?: true
}

const outcome: Shape = { optional: ['type', 'message'], text: true }
const rerun: Shape = { required: ['type'], optional: ['message'], children: ['stackTrace', ...output()], text: true }

const junitSchema: Record<string, Shape> = {
  testsuites: { optional: ['name', 'time', 'tests', 'failures', 'errors'], children: ['testsuite'] },
  testsuite: {
    required: ['name', 'tests', 'failures', 'errors'],
    optional: 'group time skipped timestamp hostname id package file log url'.split(' '),
    children: ['testsuite', 'properties', 'testcase', ...output()],
  },
  properties: { children: ['property'] },
  property: { required: ['name', 'value'] },
  testcase: {
    required: ['name'],
    optional: ['time', 'classname', 'group'],
    children: ['skipped', 'error', 'failure', 'rerunFailure', 'rerunError', 'flakyFailure', 'flakyError', ...output()],
  },
  skipped: outcome,
  error: outcome,
  failure: outcome,
  rerunFailure: rerun,
  rerunError: rerun,
  flakyFailure: rerun,
  flakyError: rerun,
  stackTrace: { text: true },
  'system-out': { text: true },
  'system-err': { text: true },
}

/** Of a suite's and its list's `time`: seconds, with or without thousands separators. */
const surefireTime = /^(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]*)?$/

function output(): string[] {
  return ['system-out', 'system-err']
}

/** All that breaks the schema, a sentence each. */
export function junitProblems(root: XmlElement): string[] {
  const problems = root.name === 'testsuites' || root.name === 'testsuite' ? [] : [`<${root.name}> is no root`]
  const visit = ({ name, attributes, children, text }: XmlElement) => {
    const shape = junitSchema[name]
    if (!shape) return void problems.push(`<${name}> is not known`)
    const { required = [], optional = [], children: allowed = [] } = shape
    for (const attribute of required)
      if (attributes[attribute] === undefined) problems.push(`<${name}> has no ${attribute}`)
    for (const attribute of Object.keys(attributes))
      if (![...required, ...optional].includes(attribute)) problems.push(`<${name}> may have no ${attribute}`)
    if (name.startsWith('testsuite') && !surefireTime.test(attributes['time'] ?? '')) problems.push(`<${name}> time`)
    if (!shape.text && text.trim() !== '') problems.push(`<${name}> holds text`)
    for (const child of children) {
      if (!allowed.includes(child.name)) problems.push(`<${child.name}> in <${name}>`)
      visit(child)
    }
  }
  visit(root)
  return problems
}

export interface XmlElement {
  name: string
  attributes: Record<string, string>
  children: XmlElement[]
  text: string
}

const character = /^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u
const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** A strict reader of the XML that is elements, attributes and text; throws where a parser of XML 1.0 would. */
export function parseXml(xml: string): XmlElement {
  if (!character.test(xml)) throw new Error('a character that XML forbids')
  const top: XmlElement = { name: '', attributes: {}, children: [], text: '' }
  const open = [top]
  const body = xml.replace(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n/, '')
  const token = /<(\/?)([A-Za-z][\w-]*)((?: [\w-]+="[^"<]*")*)(\/?)>|([^<]+)/gy
  let end = 0
  for (const [whole, closing, name, attributes = '', empty, text] of body.matchAll(token)) {
    end += whole.length
    const parent = open.at(-1)!
    if (text !== undefined) parent.text += decode(text)
    else if (closing) {
      if (open.pop()!.name !== name) throw new Error(`</${name}> closes another element`)
    } else {
      const pairs = [...attributes.matchAll(/ ([\w-]+)="([^"]*)"/g)].map(([, key, value]) => [key!, decode(value!)])
      if (new Set(pairs.map(([key]) => key)).size < pairs.length) throw new Error('an attribute stands there twice')
      const element: XmlElement = { name: name!, attributes: Object.fromEntries(pairs), children: [], text: '' }
      parent.children.push(element)
      if (!empty) open.push(element)
    }
  }
  if (end !== body.length) throw new Error(`no XML at ${body.slice(end, end + 40)}`)
  if (open.length !== 1 || top.children.length !== 1 || top.text.trim() !== '') throw new Error('not one whole element')
  return top.children[0]!
}

function decode(text: string): string {
  return text.replaceAll(/&(\w*);?/g, (whole, name: string) => {
    const value = whole.endsWith(';') ? named[name] : undefined
    if (value === undefined) throw new Error(`${whole} is no entity`)
    return value
  })
}
