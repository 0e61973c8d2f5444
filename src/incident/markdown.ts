import { escape, table } from '../reporters/markdown.ts'
import { plain } from '../reporters/text.ts'
import type { Block } from './block.ts'

/** The document as Markdown. */
export const renderMarkdown = (blocks: readonly Block[]): string => `${blocks.map(written).join('\n\n')}\n`

function written(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `${'#'.repeat(block.level)} ${escape(block.text)}`
    case 'paragraph':
      return escape(block.text)
    case 'code':
      return fenced(block.text)
    case 'list':
      return block.items.map((item) => `- ${escape(item)}`).join('\n')
    case 'tasks':
      return block.items.map((item) => `- [ ] ${escape(item)}`).join('\n')
    case 'table':
      return table(
        [...block.head],
        block.rows.map((row) => [...row]),
      )
  }
}

/** A fence that is longer than any in the text. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}\n${text.split('\n').map(plain).join('\n')}\n${fence}`
}
