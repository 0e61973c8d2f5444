import { Markup, markup } from '../markup.ts'
import { style } from '../style.ts'
import type { PageData } from './page-data.ts'
import { chartStyle, hashOf, inlineJson, script } from './script.ts'

const wholeStyle = `${chartStyle}\n${style}`

const policy = `default-src 'none'; script-src ${hashOf(script)}; style-src ${hashOf(wholeStyle)}; base-uri 'none'; form-action 'none'`

/** One file that opens offline: it loads nothing, and its policy lets its own script run and nothing else. */
export function document({ title, body, data }: { title: string; body: Markup; data: PageData }): Markup {
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${new Markup(wholeStyle)}</style>
</head>
<body>
${body}
<script type="application/json" id="data">${new Markup(inlineJson(data))}</script>
<script>${new Markup(script)}</script>
</body>
</html>
`
}
