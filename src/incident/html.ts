import { Markup, markup } from '../reporters/markup.ts'
import { shell } from '../reporters/page/shell.ts'
import { scrolling } from '../reporters/page/scrolling.ts'
import { style as ground } from '../reporters/style.ts'
import type { Block } from './block.ts'
import type { Lang } from './words/lang.ts'

/** What a text needs beyond what reports have. */
const style = `${ground}
h4 { margin: 14px 0 4px; font-size: 14px; color: var(--dim); } li { margin: 3px 0; } p, li { max-width: 52em; }
:lang(ko) { word-break: keep-all; } ul.tasks { list-style: none; padding-left: 4px; }
h1 { padding-bottom: 10px; border-bottom: 3px solid var(--line); }
`

/** The document as a page: one file, no script; the policy in its head allows its own style and nothing else. */
export function renderHtml(blocks: readonly Block[], lang: Lang): string {
  const title = blocks.find(({ kind }) => kind === 'heading') as { text: string } | undefined
  return shell({ lang, title: title?.text, style, body: markup`${blocks.map(written)}` }).text
}

function written(block: Block): Markup {
  switch (block.kind) {
    case 'heading': {
      const tag = new Markup(`h${block.level}`)
      return markup`<${tag}>${block.text}</${tag}>\n`
    }
    case 'paragraph':
      return markup`<p>${block.text}</p>\n`
    case 'code':
      return markup`<pre>${block.text}</pre>\n`
    case 'list':
      return markup`<ul>${block.items.map((item) => markup`<li>${item}</li>`)}</ul>\n`
    case 'tasks':
      return markup`<ul class="tasks">${block.items.map((item) => markup`<li>☐ ${item}</li>`)}</ul>\n`
    case 'table':
      return markup`${scrolling(block.head.join(', '), table(block))}\n`
  }
}

/** `03:04:06.010` stays on one line. */
const isTime = (cell: string) => /^\d\d:\d\d[\d:.]*$/.test(cell)
const isNumber = (cell: string) => /^(–|-?[\d.]+( (µs|ms|s))?)$/.test(cell)

function table({ head, rows }: Extract<Block, { kind: 'table' }>): Markup {
  const numeric = head.map((_, column) => column > 0 && rows.every((row) => isNumber(row[column] ?? '')))
  const cell = (tag: 'th' | 'td', text: string, column: number) => {
    const name = numeric[column] === true ? 'number' : isTime(text) ? 'nowrap' : undefined
    return markup`<${new Markup(tag)}${name !== undefined && markup` class="${name}"`}>${text}</${new Markup(tag)}>`
  }
  return markup`<table><thead><tr>${head.map((text, column) => cell('th', text, column))}</tr></thead>
<tbody>${rows.map((row) => markup`<tr>${row.map((text, column) => cell('td', text, column))}</tr>\n`)}</tbody></table>`
}
