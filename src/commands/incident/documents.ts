import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { postMortem } from '../../incident/document.ts'
import { renderHtml } from '../../incident/html.ts'
import { renderMarkdown } from '../../incident/markdown.ts'
import type { IncidentRecord } from '../../incident/record.ts'
import { words } from '../../incident/words/index.ts'
import { langs, type Lang } from '../../incident/words/lang.ts'
import { UsageError } from '../../lib/failure.ts'
import { suggest } from '../../lib/nearest.ts'
import { explained } from '../../reporters/folder.ts'
import { parseNames } from '../selection.ts'

/** `en,ko`. Throws UsageError. */
export const parseLangs = (text: string): Lang[] =>
  parseNames(text, '--lang').map((name) => {
    const lang = langs.find((known) => known === name)
    if (lang === undefined) throw new UsageError(`there is no language ${name}; ${suggest(name, langs)}`)
    return lang
  })

/** Writes the post-mortem in each language, as Markdown and as a page. → the files */
export async function writeDocuments(
  folder: string,
  record: IncidentRecord,
  asked: readonly Lang[],
): Promise<string[]> {
  const files = asked.flatMap((lang) => {
    const blocks = postMortem(record, words[lang])
    return [
      { name: `post-mortem.${lang}.md`, text: renderMarkdown(blocks) },
      { name: `post-mortem.${lang}.html`, text: renderHtml(blocks, lang) },
    ]
  })
  await explained(folder, () => Promise.all(files.map(({ name, text }) => writeFile(join(folder, name), text))))
  return files.map(({ name }) => join(folder, name))
}
